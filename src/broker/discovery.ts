/**
 * What Home Assistant learns of a board: MQTT discovery of a device with its entities
 * (home-assistant.io/integrations/mqtt, "Device discovery payload").
 */
import { VERSION } from '../firmware/index.ts';
import type { Topics } from './protocol.ts';

export interface DiscoveredBoard {
  topics: Topics;
  /** Of the worker. */
  id: string;
  key: string;
  name: string;
  model: string;
}

/** Entities: a row each, shown from the retained status. */
const ENTITIES = {
  state: { name: 'State', icon: 'mdi:chip', value_template: '{{ value_json.state }}' },
  speed: {
    name: 'Speed',
    icon: 'mdi:speedometer',
    unit_of_measurement: 'tokens/s',
    state_class: 'measurement',
    suggested_display_precision: 0,
    value_template: '{{ value_json.speed | default(none) }}',
  },
  stories: {
    name: 'Stories',
    icon: 'mdi:book-open-variant',
    state_class: 'total_increasing',
    value_template: '{{ value_json.stories }}',
  },
  digest: {
    name: 'Model digest',
    icon: 'mdi:fingerprint',
    entity_category: 'diagnostic',
    value_template: '{{ value_json.digest | default(none) }}',
  },
} as const;

export function discoveryOf(prefix: string, { topics, id, key, name, model }: DiscoveredBoard) {
  const unique = `esp32_llm_${key.replace(/\W/g, '_')}`;
  const components = Object.entries(ENTITIES).map(([entity, row]) => [
    entity,
    { platform: 'sensor', unique_id: `${unique}_${entity}`, ...row },
  ]);
  return {
    topic: `${prefix}/device/${unique}/config`,
    config: {
      device: {
        identifiers: [unique],
        name: `esp32-llm ${name}`,
        manufacturer: 'esp32-llm',
        model: `ESP32-S3 with ${model}`,
      },
      origin: { name: 'esp32-llm', sw_version: VERSION },
      components: Object.fromEntries(components),
      state_topic: topics.board(key),
      availability_topic: topics.worker(id),
      payload_available: 'online',
      payload_not_available: '',
      qos: 1,
    },
  };
}
