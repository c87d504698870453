#pragma once
#include "mqtt_client.h"
typedef struct {
    uint16_t receive_maximum;
} esp_mqtt5_connection_property_config_t;
typedef struct {
    const char *correlation_data;
    uint16_t correlation_data_len;
} esp_mqtt5_publish_property_config_t;
typedef struct {
    bool is_share_subscribe;
    const char *share_name;
} esp_mqtt5_subscribe_property_config_t;
typedef struct mqtt5_event_property {
    char *response_topic;
    int response_topic_len;
    char *correlation_data;
    uint16_t correlation_data_len;
} esp_mqtt5_event_property_t;
esp_err_t esp_mqtt5_client_set_connect_property(esp_mqtt_client_handle_t client,
                                                const esp_mqtt5_connection_property_config_t *property);
esp_err_t esp_mqtt5_client_set_publish_property(esp_mqtt_client_handle_t client,
                                                const esp_mqtt5_publish_property_config_t *property);
esp_err_t esp_mqtt5_client_set_subscribe_property(esp_mqtt_client_handle_t client,
                                                  const esp_mqtt5_subscribe_property_config_t *property);
