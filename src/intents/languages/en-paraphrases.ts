/** English: other words for the same, as paraphrase.ts reads them. What is on the right alone is never looked for: it may mean other things, too. */

/** What is done to something, and how it is when that has been done. */
const ACTIONS: readonly (readonly [command: string, done: string])[] = [
  ['turn on', 'turned on'],
  ['switch on', 'switched on'],
  ['turn off', 'turned off'],
  ['switch off', 'switched off'],
  ['turn up', 'turned up'],
  ['turn down', 'turned down'],
  ['dim', 'dimmed'],
  ['brighten', 'brightened'],
  ['darken', 'darkened'],
  ['increase', 'increased'],
  ['raise', 'raised'],
  ['lower', 'lowered'],
  ['reduce', 'reduced'],
  ['decrease', 'decreased'],
  ['open', 'opened'],
  ['close', 'closed'],
  ['shut', 'shut'],
  ['lock', 'locked'],
  ['unlock', 'unlocked'],
  ['start', 'started'],
  ['stop', 'stopped'],
  ['pause', 'paused'],
  ['cancel', 'cancelled'],
  ['mute', 'muted'],
  ['activate', 'activated'],
  ['heat', 'heated'],
  ['cool', 'cooled'],
  ['clean', 'cleaned'],
  ['vacuum', 'vacuumed'],
];

/** Other ways to ask for it. */
const asked = ([command, done]: (typeof ACTIONS)[number]): string =>
  `${command} … > get … ${done}|have … ${done}|i want … ${done}|i need … ${done}|i would like … ${done}|let … be ${done}|… should be ${done}|… must be ${done}|… has to be ${done}|can … be ${done}|could … be ${done}|${command} …`;

const LINES = `
turn on|switch on > power on|put on|flip on|activate|enable|engage|fire up|power up|get going
turn off|switch off|shut off > power off|put off|flip off|deactivate|disable|kill|shut down|power down|cut
turn … on|switch … on > power … on|put … on|flip … on|have … on|get … on|keep … on|leave … on
turn … off|switch … off > power … off|put … off|flip … off|have … off|get … off|shut … off|shut … down
turn … up > put … up|bring … up|push … up|crank … up|move … up|take … up
turn … down > put … down|bring … down|push … down|tone … down|move … down|take … down
increase|raise|turn up > boost|bump up|push up|step up|bring up|crank up|amplify|elevate|lift
decrease|reduce|turn down > lower|bring down|cut down|step down|take down|tone down|diminish|lessen|drop
set … to|change … to|adjust … to > put … to|make … go to|move … to|get … to|bring … to|fix … at|have … at|take … to|set … at|keep … at|leave … at
set the|change the|adjust the > modify the|alter the|fix the|regulate the|tune the
a bit|a little|a little bit|slightly > a tad|a touch|somewhat|a notch|a hair|just a bit|some|one step
a lot|much > a lot|far|way|considerably|lots|plenty
too > way too|far too|much too|a bit too|a little too|rather too
it is|it's > it is|it's|it feels|it seems|it looks|this is|that is|everything is
brighter > more bright|lighter|more luminous|less dark|less dim
darker|dimmer > less bright|less light|gloomier|more dim|less intense
dim|darken > tone down|soften|lower|turn low
brighten|lighten > light up more|make bright|strengthen
light|lamp > light|lamp|bulb|light bulb|lighting|light fixture|illumination
lights|lamps > lights|lamps|bulbs|lighting|light bulbs|light fixtures|all lights|every light
brightness > brightness|light level|glow|radiance|luminance|light intensity
colour|color > color|colour|hue|tone|shade|tint
warmer|hotter > warmer|hotter|toastier|less cold|more warm|less chilly
colder|cooler > colder|cooler|chillier|less warm|less hot|fresher
too cold|too chilly > too cold|too chilly|freezing|really cold|so cold|icy|not warm enough
too hot|too warm > too hot|too warm|boiling|really hot|so hot|not cool enough
temperature|temp > temperature|temp|degrees|warmth|heat level
heating|heat|thermostat > heating|heat|thermostat|central heating|heaters
humidity|moisture > humidity|moisture|dampness|air moisture|moisture level
blinds|curtains|shutters > blinds|curtains|shutters|shades|drapes|louvers|window shades|venetian blinds
open the|open my > open up the|pull open the|draw open the|unclose the
close the|close my|shut the > close up the|shut the|pull shut the|draw the|pull the
lock|lock up|secure > lock|lock up|bolt|latch|secure|bar
unlock|unbolt > unlock|unbolt|unlatch|unbar|undo the lock of
locked > locked|bolted|latched|secured|locked up
unlocked > unlocked|unbolted|unlatched|not locked
timer|countdown > timer|countdown|count down|minute timer|time clock
cancel|delete > cancel|delete|remove|abort|dismiss|scrap|call off|drop|discard|get rid of
stop|halt > stop|halt|freeze|quit|cease|hold|interrupt
start|begin > start|begin|launch|commence|initiate|kick off|set off
left|remaining > left|remaining|to go|still to go
how much time > how much time|how many minutes|what time
end|ring|go off > end|ring|go off|finish|be done|be over|expire|run out|sound
what is|what's > what is|what's|tell me|give me|show me|let me know|i want to know|do you know|can you tell me|say|read out|report|check
tell me if|check if|check whether > check if|check whether|tell me if|tell me whether|see if|find out if|find out whether|let me know if|i want to know if|i wonder if|do you know if|can you see if
did i|have i > did i|have i|did we|did somebody|did someone|did anybody|did the kids
is … on > is … on|is … turned on|is … switched on|is … running|is … active
is … off > is … off|is … turned off|is … switched off|is … inactive
how warm|how hot > how warm|how hot|how cold|how cool|how chilly
status|state > status|state|condition|situation
make sure|see that|check that > make sure|be sure|ensure|see to it that|ensure that|make certain
i want|i need|i would like|i'd like > i want|i need|i would like|i'd like|i'd love|i would love|i could use|we need|we want|we would like|let me have|i wish for|i prefer|i feel like|may i have|can i have|can we have
give me|get me > give me|get me|let me have|bring me|i want|i need|can i have|may i have
i don't need|i do not need > i don't need|i do not need|i no longer need|there is no need for|we don't need|i have no need for|i'm done with|i am done with|enough of|i have had enough of
i don't want|i do not want > i don't want|i do not want|i no longer want|we don't want|i'd rather not have
i can't|i cannot > i can't|i cannot|i can not|i can hardly|i can barely|we can't|i am not able to|i'm unable to
no more > no more|enough|stop the|end the|away with the
should be > should be|must be|has to be|ought to be|needs to be|shall be|had better be
let us|let me > let us|let me|allow me to|allow us to
all the|all my > all the|all of the|every one of the|each of the|the whole set of|any
everything > everything|all of it|it all|the lot|all things|every thing
in here|here > here|in here|over here|right here|around here|in this place|where i am|at my place
room > room|place|space|area
house|home|flat|apartment > house|home|flat|apartment|place|building
music > music|tunes|songs|some beats|a melody|sounds
play|resume > play|resume|start playing|put on|begin playing|go on with|keep playing
song|track > song|track|tune|piece|number|melody
next > next|following|upcoming|subsequent
previous|last > previous|last|preceding|earlier|one before
skip > skip|jump over|pass over|leave out|fast forward
pause > pause|halt|suspend|freeze|hold|interrupt
louder > louder|more loud|noisier|more audible
quieter|softer > quieter|softer|less loud|more quiet|calmer|lower
too loud > too loud|too noisy|so loud|deafening|not quiet enough
too quiet > too quiet|too soft|so quiet|not loud enough
mute|silence > mute|silence|quieten|hush|shut up
volume|sound > volume|sound|sound level|loudness|audio level|noise level
scene|mode|mood > scene|mode|mood|setting|atmosphere|ambience|ambiance|theme|preset|vibe
prepare|get ready > prepare|get ready|set up|arrange|make ready|ready
vacuum|hoover > vacuum|hoover|sweep|dust|suck up the dirt in
vacuum cleaner|robot vacuum|roomba > vacuum cleaner|robot vacuum|roomba|vacuum bot|cleaning bot|robovac|sweeper|hoover robot|vacuuming robot|cleaning machine
clean|clean up > clean|clean up|tidy|tidy up|wipe|do the cleaning in
dirty|dusty > dirty|dusty|messy|filthy|grimy|unclean|full of dust|untidy|full of crumbs
floor|floors > floor|floors|carpet|rug|ground|tiles|carpets
dust|dirt|crumbs > dust|dirt|crumbs|mess|dog hair|cat hair|fluff
go home|dock > go home|dock|go to its base|go back to its place|go to the charger|drive home
send … home|send … back > send … home|send … back|bring … home|return … home|bring … back|get … back|take … home
brew|prepare > brew|prepare|make|fix|whip up|cook
coffee > coffee|java|cup of joe|mocha|americano|cup of coffee
remove|clear > remove|clear|take away|get rid of|wipe away
send|bring > send|bring|take|move|get
it is time for|time for > it is time for|time for|it's time for|now comes|we are ready for|on to
every|each > every|each|all the|any
now > now|right now|at once|immediately|straight away
keep > keep|hold|leave|have
`;

export const PARAPHRASES: readonly string[] = [...ACTIONS.map(asked), ...LINES.trim().split('\n')];
