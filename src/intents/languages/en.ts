/** English. */
import { FOREIGN, FOREIGN_LISTS, WORDS } from './en-foreign.ts';
import { PARAPHRASES } from './en-paraphrases.ts';
import type { Language } from './types.ts';

const list = (text: string): string[] => text.split('|').map((one) => one.trim());

export const english: Language = {
  beforeCommand: list(
    'please|can you|could you|would you|can you please|could you please|would you please|will you|i want you to|i need you to|i would like you to|would you mind to|go ahead and|just|kindly|you should|please can you|you can|i want to|i need to|i would like to|i would like|we need to|help me|try to|remember to|be so kind and|now|quickly|time to|it would be great if you could|can we|let us|you have to|you must|why do not you|how about you|do me a favor and|do me a favour and|can i get you to|i want',
  ),
  before: list(
    'hey|ok|okay|hello|hi|please|well|so|and|alright|hey there|listen|computer|assistant|um|uh|oh|yes|right|house|home|robot|hey assistant|hey computer|good morning|good evening|excuse me|dear assistant|olly|hey olly|ok home',
  ),
  after: list(
    'please|now|right now|thanks|thank you|for me|immediately|at once|will you|would you|if you can|quickly|today|tonight|this evening|ok|for a while|again|right away|as soon as possible|when you can|if possible|asap|this time|for now|in the morning|could you|at night|already',
  ),
  noCommand:
    /^(is|are|what|what's|which|how|when|did|do|have|has|i|i'm|we|it|it's|that|there|lights please|can|let|no|the|at|in|on|who|why|where|please)\b/,
  paraphrases: PARAPHRASES,
  droppable: new Set(
    'the a an to of in my our is at for on some all it me and'.split(' ').filter((w) => w !== 'on'),
  ),
  letters: 'etaoinsrhldcumfpgwybvk',
  rooms: list(
    'kitchen|living room|bedroom|bathroom|hallway|office|garage|garden|nursery|attic|basement|cellar|dining room|guest room|laundry room|study|library|lobby|corridor|porch|patio|balcony|terrace|backyard|yard|shed|workshop|pantry|closet|den|playroom|kids room|game room|gym|conservatory|entrance|entry|stairs|staircase|landing|loft|storage room|toilet|restroom|washroom|utility room|master bedroom|sunroom|sauna|pool|driveway|front yard|upstairs|downstairs|ground floor|first floor|second floor|wardrobe|music room|media room|home theater|cinema|bar|studio|lounge|dormitory|barn|greenhouse|summer house|bunker|foyer|parlor|parlour|scullery|veranda|vestibule|waiting room|meeting room|reception|classroom|lab|server room|boiler room|changing room|spare room|family room|sitting room|box room|mudroom|cloakroom|dressing room|kitchenette|bath|bed room|dining area|tv room|reading corner|hobby room|outside|outdoors',
  ),
  things: list(
    'lamp|light|fan|heater|kettle|printer|plug|socket|switch|speaker|screen|monitor|computer|laptop|charger|oven|stove|toaster|fridge|freezer|dishwasher|washing machine|dryer|iron|pump|sprinkler|fountain|aquarium|humidifier|dehumidifier|purifier|projector|radio|amplifier|console|router|camera|alarm|siren|bell|doorbell|clock|blanket|boiler|radiator|stereo|television|coffee machine|espresso machine|coffee maker|mixer|blender|microwave|grill|tree|lantern|candle|chandelier|strip|spot|spotlight|torch|sign|star|garland|mirror|desk|table|shelf|cabinet|bed|sofa|couch|chair|window|door|gate|hatch|lock|valve|box|bin|feeder|tank|sensor|motor|engine|saw|drill|press|hood|vent|cooler|air conditioner|conditioner|server|hub|bridge|tower|wall|corner|line|unit|device|machine|party|dinner|breakfast|movie|night|morning|evening|work|sleep|sunset|sunrise|holiday|vacation|romance|dream|relax|focus|game|guest|baby|cat|dog|fish|bird|plant|flower|piano|guitar|treadmill|bike|car|scooter|mower|jacuzzi|hot tub|shower|towel rail|rice cooker|slow cooker|fryer|juicer|massager|telescope|microscope|train|robot arm|smart plug|power strip|outlet|extension|bulb|neon|laser|disco ball|fireplace|ice maker|wine cooler|bread maker|egg cooker|hair dryer|curling iron|sewing machine|vending machine|photo frame|night light|string lights|adapter|battery|converter|inverter|ventilator',
  ),
  modifiers: list(
    'front|back|left|right|upper|lower|big|small|old|new|red|green|blue|white|black|main|side|top|bottom|outer|inner|north|south|east|west|first|second|third|desk|floor|ceiling|wall|table|bedside|night|garden|kitchen|bathroom|garage|hall|office|kids|guest|summer|winter|christmas|smart|electric|water|window|door|corner|reading|sleeping|tom|anna|sarah|peter|lucy|max|emma|john|mary|oliver|sophie|grandma|grandpa|dad|mum|mom|baby|dining|work|studio|pool|terrace|balcony|cellar|attic|stair|entry|outdoor|indoor|portable|standing|hanging|tall|round|square|long|short|warm|cold|hot|bright|dark|soft|loud|quiet|wooden|glass|metal|golden|silver|purple|orange|pink|yellow|brown|tiny|huge|fancy|lazy|happy|magic|secret|spare|extra|emergency|fast|slow|double|single|wemo|hue|sonos|ikea|philips|bosch|sony|shelly|tasmota|zigbee|movie|party|dinner',
  ),
  onsets:
    'b c d f g h j k l m n p r s t v w z br cl cr dr fl fr gl gr kl kr pl pr qu sc sh sl sn sp st str sw th tr tw'.split(
      ' ',
    ),
  vowels: 'a e i o u a e i o ee oo ai ea ou y ie'.split(' '),
  codas: ['', '', '', '', ...'n r l s t m d k x p ck st nd ll rt ng sh'.split(' ')],
  foreign: FOREIGN,
  foreignLists: FOREIGN_LISTS,
  words: WORDS,
};
