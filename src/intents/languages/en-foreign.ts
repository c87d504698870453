/** Requests that no home understands, by subject; sentences of our own. */

export const FOREIGN_LISTS: Readonly<Record<string, string>> = {
  city: 'london|paris|new york|berlin|tokyo|chicago|rome|madrid|sydney|boston|moscow|dallas|seattle|miami|denver|dublin|vienna|oslo|prague|cairo|delhi|beijing|toronto|los angeles|san francisco|las vegas|houston|atlanta|lisbon|athens|hong kong|singapore|barcelona|edinburgh|amsterdam|orlando|phoenix|texas|california|florida|france|germany|spain|italy|canada|china|japan|india|mexico|brazil|russia|england|ireland|australia|hawaii|europe|africa|the airport|town|the city|downtown',
  person:
    'my mother|my father|my boss|my friend|my wife|my husband|my brother|my sister|tom|anna|john|mary|bob|alice|sam|mike|lisa|david|susan|james|kate|steve|laura|paul|jane|peter|my son|my daughter|my dad|my mom|grandma|my doctor|my teacher|my neighbor|my colleague|mark|emily|kevin|george|linda|the president|the manager|my family|everyone|my team|my landlord|the bank|my dentist|him|her|them',
  food: 'pizza|pasta|rice|chicken|beef|fish|salad|soup|bread|cheese|eggs|cake|cookies|pancakes|burgers|sushi|tacos|curry|lasagna|steak|potatoes|beans|apple pie|chocolate|ice cream|yogurt|butter|milk|sugar|flour|bacon|ham|turkey|shrimp|salmon|tuna|noodles|oatmeal|cereal|avocado|tomatoes|onions|garlic|banana|oranges|grapes|peanut butter|lemonade|tea|wine|beer|chinese food|thai food|indian food|mexican food|italian food|fast food|dinner|lunch|breakfast',
  item: 'milk|eggs|bread|shoes|socks|a shirt|a jacket|batteries|toilet paper|soap|shampoo|toothpaste|paper towels|a phone|a laptop|a book|a gift|flowers|tickets|a bicycle|furniture|a couch|light bulbs|curtains|a lamp|a vacuum cleaner|detergent|coffee beans|dog food|cat food|diapers|medicine|apples|a new car|headphones|a watch|sunglasses|a hat|boots|a dress|groceries|carrots|a camera|a tent|paint|a door lock|a thermostat',
  day: 'today|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|next week|this week|the weekend|tonight|next month|this month|yesterday|last week|next year|march third|the fifth of may|june|july|august|christmas|new year|easter|thanksgiving|my birthday|this afternoon|this evening|in the morning|next tuesday|next friday|the first of april|december',
  clock:
    "seven|eight|nine|ten|noon|midnight|six thirty|seven am|eight pm|five o'clock|half past six|quarter to nine|three pm|ten thirty|7 am|8 pm|6:30|9 o'clock|11|5 pm|two in the afternoon|6 in the morning",
  number:
    'two|three|five|ten|twelve|fifteen|twenty|thirty|forty|fifty|one hundred|two hundred|a thousand|7|12|25|36|48|100|250|1000|81|64|17',
  money:
    'fifty dollars|a hundred dollars|twenty euros|one thousand dollars|ten pounds|500 dollars|200 bucks|five hundred euros|my salary|the rent|a thousand yen|$100|$50',
  account:
    'checking account|savings account|bank account|credit card|debit card|visa|visa card|mastercard|american express|account|retirement account|paypal account|card|chase account|business account',
  bill: 'electricity bill|water bill|gas bill|phone bill|cable bill|internet bill|rent|mortgage|credit card bill|insurance|heating bill|power bill|taxes|utility bill',
  subject:
    'physics|history|the moon|the sun|black holes|dinosaurs|elephants|the ocean|the second world war|music theory|the light bulb|electricity|the telephone|volcanoes|whales|photosynthesis|gravity|democracy|inflation|bitcoin|the eiffel tower|mount everest|the great wall|the roman empire|einstein|shakespeare|mozart|obama|napoleon|football|basketball|chess|tennis|cricket|philosophy|the universe|cats|dogs|penguins|vacuum|temperature|thermodynamics|rainbows|coffee|the speed of light|blinds|curtains',
  language:
    'spanish|french|german|italian|chinese|japanese|russian|english|portuguese|arabic|korean|hindi|dutch|polish|greek|latin|swedish|turkish',
  word: 'hello|goodbye|thank you|cat|house|love|water|friend|please|where is the bathroom|good morning|i love you|how are you|light|door|kitchen|cheese|bread|happy|train station|dog|excuse me|beer|help|i am lost|serendipity|ambiguous|necessary|definitely|rhythm|accommodate|entrepreneur|onomatopoeia|beautiful',
  genre:
    'jazz|rock|pop|classical|country|hip hop|blues|metal|techno|reggae|folk|disco|christmas songs|the beatles|queen|madonna|adele|taylor swift|coldplay|elvis|michael jackson|eminem|beyonce|bach|mozart|ed sheeran|pink floyd|u2|abba|bob dylan',
  show: 'the office|friends|star wars|titanic|harry potter|game of thrones|the matrix|the godfather|breaking bad|star trek|the lion king|avatar|frozen|batman|spider man|jurassic park|the news|a movie|a comedy|a cartoon|a documentary|a podcast|an audiobook|the radio show|my audiobook|my podcast|the latest episode',
  game: 'chess|poker|tic tac toe|trivia|a game|hangman|twenty questions|candy crush|solitaire|minecraft|tetris|angry birds|monopoly|scrabble|checkers|pac man|sudoku|a quiz|bridge|battleship',
  place:
    'restaurant|gas station|supermarket|pharmacy|hospital|bank|library|post office|museum|cinema|theater|hotel|airport|train station|bus stop|parking lot|coffee shop|bar|pub|club|gym|park|beach|school|university|bakery|pizza place|sushi restaurant|steakhouse|bookstore|mall|zoo|church|starbucks|mcdonalds|walmart|hardware store',
  car: 'car|truck|tires|oil|engine|brakes|battery of my car|windshield|gas tank|transmission|headlights|check engine light|tire pressure|motorcycle|toyota|honda|ford|bmw',
  company:
    'apple|google|microsoft|amazon|tesla|facebook|ibm|intel|nike|coca cola|disney|netflix|walmart|boeing|toyota|starbucks|twitter|samsung',
  unit: 'miles|kilometers|inches|centimeters|feet|meters|pounds|kilograms|ounces|grams|cups|liters|gallons|teaspoons|tablespoons|fahrenheit|celsius|yards|pints|dollars|euros|pounds|yen',
  event:
    "meeting|appointment|birthday party|dentist appointment|doctor's appointment|conference call|lunch|dinner|interview|concert|flight|class|exam|wedding|reservation|event|job interview|team meeting|holiday|vacation|haircut|game|dance|gym session",
  adjective:
    'good|bad|great|new|old|cheap|expensive|healthy|fast|popular|interesting|funny|famous|beautiful|local|best|nearest|closest|latest|easy|simple|quick|delicious|vegan|spicy|important|strange',
  task: 'call {person}|buy {item}|pay the {bill}|pick up the kids|take out the trash|walk the dog|water the plants|do the laundry|clean the bathroom|wash the car|turn off the oven|feed the cat|do my homework|go to the gym|send the report|book a flight|take my medicine|cook dinner|change the light bulb|lock the door|mow the lawn|visit {person}|fix the door|close the windows|iron my shirts|renew my passport',
  animal: 'dog|cat|elephant|tiger|horse|cow|whale|shark|penguin|parrot|snake|spider|giraffe|lion|bear|wolf',
  thing:
    'wallet|phone|keys|passport|luggage|bag|computer|car|order|package|ticket|laptop|glasses|password|pin|username|name|address|number|email|language|voice|accent|settings|profile|subscription|insurance|job|salary|vacation|w2|visa|schedule|resume|homework|health|hair|weight|shoes|dog|cat|house|apartment|garden|kitchen|bathroom|bedroom|garage',
};

export const FOREIGN: string = `
what is the weather [like] [in {city}] [{day}]
[will it|is it going to] (rain|snow|be sunny|be windy|be cold|be hot|storm) [in {city}] {day}
do i need (an umbrella|a jacket|a coat|sunscreen|boots) {day}
(weather|forecast) [for] {city} [{day}]
what is the temperature (in {city}|outside in {city}|{day})
how (hot|cold|warm) (will it be|is it going to be|is it) (in {city}|{day})
is it (raining|snowing|sunny|cloudy|cold|hot) in {city}
give me the weather (report|forecast) [for] [{city}] [{day}]
when does the sun (rise|set) [{day}] [in {city}]
(what time|what's the time|what is the time) [is it] [in {city}]
what (day|date|month|year) is (it|today|tomorrow|{day})
how many (days|weeks|hours|months) [are there] until {day}
what is the time difference between {city} and {city}
what time zone is {city} in
if it is {clock} in {city} what time is it in {city}
(wake me up|set an alarm|set my alarm|create an alarm|make an alarm) [(for|at)] {clock} [{day}]
(cancel|delete|remove|turn off|disable|switch off) [(my|the|all)] (alarm|alarms) [(for|at)] [{clock}] [{day}]
(what|which) alarms do i have [set] [{day}]
(is|do i have) [an|my] alarm [set] (for|at) {clock}
when (is|does) my [next] alarm [go off]
snooze [the alarm] [for] [{number} minutes]
(remind me|set a reminder|create a reminder|make a reminder) to {task} [(at|on)] [{clock}] [{day}]
(remind me|alert me|notify me) [about] (the|my) {event} [{day}]
(what are|tell me|show|list) my reminders [for] [{day}]
(delete|clear|remove) [(my|the|all)] (reminder|reminders) [to {task}]
(add|put|schedule|create|make|set up|plan) (a|the|my|an) {event} [with {person}] [(on|for|to my calendar)] {day} [at {clock}]
(cancel|delete|remove|move|reschedule) (the|my) {event} [with {person}] [{day}]
(what is|what's|what do i have) on my (calendar|schedule|agenda) [(for|on)] [{day}]
(do i have|are there|is there) [any|a|an] (meetings|appointments|events|{event}) {day}
when is (my|the) [next] {event} [with {person}]
what time is (my|the) {event} [with {person}]
(how busy am i|am i free|am i busy) {day} [at {clock}]
clear my (calendar|schedule) [(for|on)] {day}
(send|write|compose|draft) [an|a|the] (email|e-mail|mail|message|text|text message) to {person} [(saying|about|that)] [{subject}]
(check|read|open|show) my (email|emails|inbox|mail|messages|texts)
(do i have|are there) [any] new (emails|messages|mails|notifications) [from {person}]
(reply|respond|answer) to {person} [(that|saying)] [i am late|i will call back|see you {day}]
(text|message|email) {person} [(that|and say|to)] (i will be late|i am on my way|i love you|call me|happy birthday)
(call|phone|dial|ring) {person} [please]
(make|place) a (call|phone call) to {person}
(what is|find|give me|tell me) [the] (phone number|email|address|birthday|number) of {person}
(add|save) (this email|{person}|a new contact) to my contacts
(add|put) {item} (to|on) (my|the) (shopping|grocery|to do) list
(remove|delete|take|cross) {item} (off|from) (my|the) (shopping|grocery) list
(what is|what's|read me|show me) [on] my (shopping list|to do list|grocery list|todo list|list|lists)
(create|make|start) a [new] (list|shopping list|to do list|note|playlist)
(add|put) {task} (to|on) my (to do|todo|task) list
is {item} on my (shopping|grocery) list
(clear|delete|erase) my (list|to do list|shopping list|notes|playlist)
(order|buy|purchase|get me|i want to order|i need to buy) {item} [(on amazon|online|from walmart)]
(order|get|i want|i would like|i am hungry for) [some|a] {food} [(for delivery|from the {place}|for takeout|to go)]
(where is|has|when will|track|what is the status of) my (order|package|delivery) [arrive|arrived|shipped]
how do (i|you) (cook|make|bake|prepare|fry|boil|grill) {food}
(give me|find|show me|what is) [a|the] recipe for {food}
(how long|how many minutes) (do i|should i|does it take to) (cook|bake|boil|fry|grill) {food}
(what are|tell me) the ingredients (for|of|in) {food}
can i (substitute|use|replace) {food} (for|with|instead of) {food}
how many (calories|carbs|grams of sugar|grams of fat) (are in|does) {food} [have]
(is|are) {food} (healthy|good for you|bad for you|gluten free|vegan)
how long (does|do|will|can) {food} (last|keep|stay good) [in the fridge]
has (the|my) {food} (expired|gone bad)
(what should i|suggest something to|what can i) (eat|cook|make) for (dinner|lunch|breakfast)
(suggest|recommend|find) [me] [a|an] {adjective} {place} [(in|near|nearby)] [{city}]
(where is|find|is there|directions to|how do i get to|take me to|navigate to|show me) the (nearest|closest|{adjective}) {place}
(book|reserve|make a reservation for|i need) a table (for|at) {number} [people] [at the {place}] [{day}] [at {clock}]
(does|do) (the|that) {place} (take|accept|have) reservations
(is|when is) the {place} open [{day}] [at {clock}]
(confirm|cancel|change) (my|the) reservation (for {person}|at the {place}|{day})
(what are|how are|read) the reviews (for|of) the {place} [in {city}]
(book|find|buy|get|i need|look for) [me] (a flight|flights|a ticket|tickets|a train ticket|a train|a hotel|a room|a rental car|a car|an uber|a taxi|a cab|a bus) (to|from|in) {city} [{day}]
(call|order|get|book|find) [me] [a|an] (taxi|uber|cab|lyft|ride) [to {city}] [(now|at {clock})]
(what is the status of|when does|is) my flight [(land|leave|on time|delayed|to {city})]
(when|what time) does the [next] (train|bus|flight|plane) [to {city}] (leave|arrive|depart|go)
how (far|long) is (it|the drive|the trip|the flight) (to|from) {city} [to {city}]
(how is|what is|is there) [the|any] traffic (on the way|on the highway|in {city}|to work|now|on my route)
(what is|tell me) the (fastest|best|shortest) (route|way) to (work|{city}|the {place})
(do i need|how do i get) a visa (for|to go to) {city}
(what|which) (vaccines|shots|plug type|plug converter|adapter) do i need (for|in) {city}
(is it safe|are there any travel alerts) (to travel to|for|in) {city}
(i lost|i can't find|where is|they lost|help me find) my {thing}
(what can i|how many bags can i) (carry on|take on the plane|bring on board)
(let|tell|notify) my bank [know] [that] i (am|will be) (traveling|going) to {city} [{day}]
(what is|what's|tell me|how much is) [(in|left in)] [my] {account} [balance]
how much (money|cash) (do i have|is) [in] my {account}
(transfer|send|move|wire) {money} (from|to|into) my {account} [to my {account}]
(pay|settle) my {bill} [(with|from) my {account}]
when is my {bill} due
how much is my {bill} [this month]
(what is|how do i improve|how can i raise) my credit (score|limit|rating)
(i lost|i broke|replace|report|cancel|freeze|block|activate|close|open|lock) my {account}
(freeze|block|unblock|lock|unlock) my {account} [now|please]
(why was|why is|why did) my {account} (declined|blocked|frozen|rejected|on hold)
(there is|i see|i want to report) [a] (fraud|fraudulent charge|fraudulent activity|strange transaction) on my {account}
(i need|order|how do i order) (new checks|more checks|a new card|a checkbook)
what is the (interest rate|apr|routing number|pin|minimum payment|rate|fee) [(of|on|for)] my {account}
(change|reset|update) (the|my) (pin|password|address) (for|on|of) my {account}
how long (until|does it take for) my new {account} (arrives|to arrive)
how (many|do i redeem|do i use) [my] [reward] points [do i have] [on my {account}]
how much did i spend (on {food}|on groceries|last month|this week|yesterday)
(show|list) my [last|recent] transactions [on my {account}]
(when|how much) (do i get paid|is my paycheck|will i be paid|is payday) [{day}]
(how do i|i need to|help me) (file|pay|do) my taxes
(set up|is my) direct deposit [working]
(what is|how do i start|roll over) [my|a] (401k|retirement fund|health insurance|insurance plan)
(does|what does) my insurance cover [{thing}]
how (many|much) (vacation|sick) days (do i have|are left|have i used)
(request|i want to take|can i have) (time off|a day off|vacation|days off) [(on|from)] {day}
(was|has) my (vacation request|time off|request) (been approved|approved)
(what is|who is) (the capital|the population|the president|the currency|the king|the mayor) of {city}
(who|when) (invented|discovered|wrote|painted|built|founded) {subject}
(what is|what are|explain|define|tell me about|describe|who is|who was) {subject}
(how|why) (does|do|is|are|did) {subject} (work|exist|happen|so important|get its name|move|end|die)
how (tall|high|old|deep|far|big|heavy|wide) is {subject}
(what does|what is the meaning of|define|look up) [the word] {word} [mean]
how do (you|i) (say|spell|pronounce) {word} [in {language}]
(translate|what is) {word} (to|into|in) {language}
(what is|how much is|calculate|compute) {number} (plus|minus|times|divided by|percent of|to the power of) {number}
(what is the square root of|is) {number} [a prime number]
(how many|convert) {unit} (are in|is|to|in) [{number}] {unit}
(convert|change|exchange) {number} {unit} (to|into) {unit}
(what is the|how is the) (exchange rate|price of gold|price of bitcoin|rate) [(of|between)] [the dollar] [and the euro]
(how is|what is) {company} [stock] (doing|trading at|price|worth)
(should i buy|sell|buy) [shares of] {company} [stock]
(what is|what's) (in the news|the latest news|happening in the world|the news about {subject}|new)
(read|play|show|give me|tell me) [me] the [latest] (news|headlines) [(about|on|from)] [{subject}] [{city}]
(who won|what was the score of|when is) the (game|match|world cup|super bowl|election|race)
play {show} [(on netflix|on tv|now)]
play (a|the|my) [song|album|playlist] (by|from|of) {genre}
(play|let us play|i want to play|start|open|launch) {game} [with me]
(continue|resume|pause|stop|rewind) (reading|{show}|the audiobook|the podcast|my book)
(read|open|continue) (my book|a book|me a story|a bedtime story|chapter {number})
(find|search|look for|download) [me] [a|an] (podcast|audiobook|movie|book|song) about {subject}
(what|which) (movies|shows|concerts|events|plays) are (on|playing|showing|happening) [in {city}] [{day}]
(recommend|suggest) [me] [a|an] {adjective} (movie|book|song|show|podcast|restaurant|game|hotel)
(who sings|who is the singer of|what is the name of|what is) this (song|track|artist|band|album)
(i like|i love|save|rate) this (song|album|band|artist|playlist)
(add|put) this song to my [{genre}] playlist
(what is|who is) your (name|favorite color|age|maker|boss|birthday|hobby|purpose|favorite food)
(change|set) your (name|accent|voice|language|speed) [to {language}]
(how old|who|what|where) are you [from]
(are you|is this) (a robot|a bot|human|real|alive|a computer|a person|an ai)
(tell me|do you know) [a|another] (joke|fun fact|story|riddle|poem|fact) [about {subject}]
(how are you|how is it going|what's up|how do you do|what are you doing|how was your day)
(thank you|thanks|thanks a lot|you are great|good job|well done|you are awesome|that's great|nice work|i appreciate it)
(goodbye|bye|see you later|good bye|talk to you later|see you)
(hello|hi there|good afternoon|hey what's up|nice to meet you|greetings)
(yes|no|yeah|nope|maybe|sure|of course|not really|i don't know|i think so|correct|that is right|that is wrong|not at all|absolutely|i guess|perhaps|never)
(i don't care|whatever|it doesn't matter|never mind|forget it|do what you want|up to you|anything is fine|no preference)
(repeat that|say that again|what did you say|come again|i didn't understand|could you repeat|what do you mean|explain that|please clarify)
(that's wrong|that is not what i asked|you misunderstood|you got that wrong|not that|wrong answer|i didn't say that)
(cancel that|stop it|shut up|be quiet please|stop talking|abort|go away|enough|quit|wait|hold on|stop that now)
(what can you do|what do you know|help|what can i ask you|how can you help me|what are your skills)
(do you have|do you like) [any|a] (pets|hobbies|friends|family|{animal}|{food}|{subject})
(who made you|who created you|who do you work for|where do you live)
what is the meaning of life
(flip a coin|roll a dice|roll a die|pick a number|heads or tails|toss a coin|roll two dice)
(what is|what's) my (name|username|location|address|ip address|phone number|nickname)
(call me|my name is|change my name to|you can call me) (tom|anna|sam|boss|captain|master|john)
(where am i|share my location [with {person}]|what is my current location|send my location to {person})
(my|the) {car} (needs|is|has|won't|makes) (repair|broken|a noise|start|low|flat|worn out|leaking)
(when|how often) (should i|do i need to|was the last time i) (change|check|rotate|service|replace) (the|my) {car}
how do i (change|check|fix|jump start|replace) (the|my|a) {car}
(how much|what kind of|what type of) (gas|fuel|oil|mileage) (is left|does my car (need|use|take|get)|is in my tank)
(book|schedule|make an appointment for) (car maintenance|an oil change|a tire change|a tune up|a haircut|a checkup) [{day}]
(sync|connect|pair|disconnect|unpair) [to] my (phone|device|bluetooth|watch|car) [to you]
(turn on|enable|activate|turn off|disable) (whisper mode|location sharing|bluetooth|airplane mode|notifications|gps|dark mode|my subscription|two factor authentication)
(reset|restore|go back to) [to] [the] (factory settings|original settings|default settings)
(talk|speak) (faster|slower|in {language}|louder please|with a british accent)
(post|tweet|share|write|update) [on|to] (facebook|twitter|instagram|my wall|my status) [that] (i am happy|i am at the {place}|good morning everyone|i love {food})
(complain|tweet a complaint) to {company} [about {subject}]
(what's|what is) (trending|happening|new) on (facebook|twitter|instagram|social media)
(did anyone|has anybody) (like|liked|comment|commented) [on] my (post|photo|picture|tweet)
(is|are|was|does) {person} (home|at work|married|coming {day}|on vacation|late|sick|there|calling)
(what is|where is|when is|how is) {person} (doing|going|arriving|working|birthday|eating)
how do i (remove|clean|fix|paint|build|sew|learn|draw|find|buy|sell|grow|lose|open|write|make|tie|get|install|hang|wash) [a|the|my] {thing}
how do i (get rid of|remove|clean) (stains|mold|wax|rust|wallpaper|scratches) [(from|on)] [(the|my)] (carpet|curtains|couch|wall|floor|shirt|oven)
(how much|what) (does|do|is) (a|the) {thing} [cost]
(can|could|should|may) i (eat|drink|drive|swim|travel|sleep|work|park|smoke|run) [(after|before|in|with)] [{food}] [{city}] [{day}]
(i am|i feel|we are|he is|she is) (bored|tired|hungry|sad|happy|sick|late|busy|lonely|angry|thirsty|ready|excited|lost|pregnant|stressed)
i (like|love|hate|want|miss|need|remember|prefer) ({food}|{person}|{subject}|{animal}|my {thing}|{show}|{genre}|a vacation|a new job|more money|more sleep)
(is it|was it|are they|isn't it) {adjective} [to (eat {food}|go to {city}|buy {item}|learn {language})]
why (is|are|do|does|did) (the sky|my {thing}|people|{animal}s|the grass|{person}|water|{company}) (blue|so slow|cry|sleep|green|leave|wet|expensive|famous)
(search|google|look up|find information) [(for|about|on)] {subject}
(take|make|show me) a (picture|photo|selfie|screenshot|note|video|recording)
(open|close|launch|start|delete|install|update) (facebook|the browser|the app|the camera|spotify|youtube|the calculator|my documents|google maps|my email|the file|windows)
what should i (wear|do|buy|read|watch|say|name my {animal}|get {person}) [{day}] [for {event}]
(where can i|where should i) (buy|find|get|see|rent|sell) [a] ({item}|{food}|{animal}|{thing})
(set|change|update|increase|lower|raise|check) my (goal|budget|salary|credit limit|spending limit|weight goal|step goal|insurance|username|language|speed|status|profile picture) [to {number}]
(turn|switch|change|set) (the|your) language to {language}
(turn (left|right)|go straight|drive faster|slow down|stop the car|park here|change lanes)
(is|are) (the|there) (store|shop|museum|stores|banks|{place}) (open|closed|near me|crowded) [{day}]
(light|lock|door|room|house|kitchen|window|music|lamp|timer|heat|clean) [is] (a|an|the) [{adjective}] (word|song|game|book|idea|movie|problem|story)
who (lives|lived|works|sleeps|cooked) in the (kitchen|white house|bedroom|garage|garden|attic|office)
(tell me|i want to know) (about|how|why|who|when) ({subject}|{person}|{city}|{animal}s (sleep|eat|live))
(how many|how much) (people|stars|countries|planets|cars|books|water|time|money|{animal}s|rooms) (are there|live|is there|exist) [in {city}]
(what|which) (color|colour) (is|are|goes with) [the] (sky|{animal}|blue|red|my {thing}|{city} flag)
(what|which) (song|music|genre|singer|album) (is|do you|should i) (popular|like|playing|hear) [{day}]
(sing|dance|laugh|whistle|count|smile|jump|pray|cook|swim) [(for me|with me|to ten|a song|please)]
(the|my|your|this) {thing} is {adjective} [and {adjective}]
(clean|wash|fix|sell|buy|paint|rent|insure) my {thing}
(i bought|i sold|i painted|i have|i saw|we visited) [a|an|the|my] [{adjective}] ({thing}|{animal}|{place}|{city}|{item})
(is|are|was|were) (there|it|this|that|they|these) [still] (legal|safe|possible|allowed|free|true|available|worth it|normal|open|ready) [to ({task}|travel|smoke|park here|eat {food})] [in {city}] [{day}]
(can|could|may|should) (i|we|you|he|she) [please] (have|get|see|use|know|try|ask|borrow|make) [(a|an|the|your|my|some)] ({item}|{food}|{thing}|refund|discount|receipt|purchase|complaint|question|copy|suggestion)
(i want to|i need to|i would like to|help me|i have to|how do i) (make|do|get|place|request|file|set up|apply for|ask for|see|understand) (a|an|the|my|some) (purchase|payment|complaint|refund|order|deposit|loan|request|report|claim|raise|job|list|account|backup|phone call)
(what is|what's|what was|tell me|check|i want to know|give me) the (status|state|amount|date|reason|number|total|price|name|deadline|progress|result) (of|for|on) (my|the|our|your) ({bill}|{event}|{thing}|request|order|application|flight|delivery|vacation request|claim|loan|payment)
(how much|how many|how long|how often|how far) (is|are|does|do|will|did) (my|the|a|our|this) ({bill}|{event}|{thing}|{place}|trip|bus ride|order|meal|it) [(cost|take|last|due|for|left|need|open)] [(to {city}|{day})]
(will|would|does|did|has|have) (my|the|our|this|{person}) ({event}|{thing}|{place}|flight|order|train|package|bus) (be on time|arrive|be late|start|end|work|come|be ready|cost a lot|help|close) [{day}]
(which|what) (are|is) the (top|best|worst|cheapest|closest|most popular|highest rated|biggest) ({place}s|doctors|schools|movies|cars|phones|hotels|lawyers|cities|books|jobs) (in|near|around|of) ({city}|here|me|the world|all time)
(if|when) i (use|buy|eat|sell|take|leave|have|pay) ({food}|{item}|{thing}|the bus|it) (can i|will it|should i|do i) ({task}|be ok|get sick|need a receipt|save money)
(look up|search for|google|find out|check|look into) (what {word} means|{subject}|{company}|the {event}|the price of {item}|flights to {city}|my {thing})
(that is|that's|this is|it is|it was) (all|enough|everything|fine|ok|great|right|wrong|perfect|good|what i need|not true|my favorite) [(for now|thanks|thank you|goodbye|i think)]
(i really|i honestly|i just|i) (don't|do not|didn't) (know|care|understand|think so|remember|believe it|want that|need help|like it)
(thanks|thank you) (for|so much for) (the help|the chat|your help|everything|your time|the information) [(bye|goodbye|see you)]
(actually|no|oh) [(please)] (forget (it|that|about it)|never mind [that]|i changed my mind|cancel [(that|it)]|don't do that|scratch that|ignore that)
(my|our|the) ({bill}|{thing}|{account}|{event}|checks|{food}) (is|are|has|have|was) (late|lost|gone|overdue|stolen|run out|broken|not working|missing|wrong|too high|cancelled|almost over|expired)
(write|put|note|mark) (down|on my list|in my notes|on the calendar) (that|to) ({task}|i paid the {bill}|the {event} is {day})
(put|add|include|place) {task} (on|in|to) my (list of things to do|to do list|agenda|calendar|notes) [please]
(read|tell|let me hear|show) [me] (all|everything|the items|what is) [that is] (on|in) my (to do list|list|shopping list|agenda|inbox|calendar|notes)
(do|did|does) (you|we|i|they|{person}) (have|know|want|like|need|remember|sell|offer) [(any|a|the)] ({item}|{food}|{event}|plans|time|idea|answer|news|{place})
(are|do|is) (any|there any|the) (buses|trains|taxis|ubers|flights|seats|tickets|rooms|tables) (available|leaving|left|free) [(to {city}|for {number} people|{day}|now)]
(i am|i'm|we are|she is|he is) (going|leaving|flying|moving|traveling|driving) [(to|from)] {city} [{day}]
(i am|i'm) (out of|low on|looking for|allergic to|interested in|tired of) ({food}|{item}|{subject}|gas|money|{genre})
(start|begin|stop|can i start) (calling (you|me) (fred|boss|jane|charlie)|my workout|the car|recording|the download|saving money|a new job|dinner preparations)
(either|any|neither|both|one) (one|of them|is fine|would work|works for me|sounds good)
(open|close|lock|unlock|freeze|check|turn off|turn on|start|stop|cancel) (my|the|a|an) ({account}|bank account|subscription|membership|order|case|ticket|claim|phone|car|email|insurance|direct deposit|auto pay|overdraft)
(set|change|switch|raise|lower|turn) (my|the|your) (pin|ringtone|password|alarm|status|language|limit|address|plan|name|appointment|flight|goal) [(to|for|on) ({number}|{day}|{clock}|my {account})]
(where|when|who|why|how) (is|are|was|were) (your|my|the|his|her) (home|office|house|kitchen|birthday|family|doctor|manager|money|boss|name|country|room) (located|from|going|built|born|so far|called)
(turn|flip|roll|toss|spin|throw|move|pick) (that|the|a|this) (coin|page|card|dice|wheel|ball|piece|number) [(again|over|for me|once|please)]
(run|go|say|read|walk) (that|it|this) [by] [me] (again|once more|slower|back|one more time) [please]
`;

export const WORDS: string =
  'time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work government number night point home water room mother area money story fact month lot right study book eye job word business issue side kind head house service friend father power hour game line end member law car city community name president team minute idea kid body information back parent face others level office door health person art war history party result change morning reason research girl guy moment air teacher force education foot boy age policy music market sense nation plan college interest death experience effect use class control care field development role effort rate heart drug show leader light voice wife police mind price report decision son view relationship town road arm difference value building action season society tax director position player record paper space ground form event official matter center couple site project activity star table need court oil situation cost industry figure street image phone data picture practice piece land product doctor wall patient worker news test movie north love step computer science hospital agent card nature skill bank machine apple river mountain bird tree flower animal summer winter spring island ocean ship train plane bicycle ticket letter message internet website password screen keyboard shirt dress shoe hat coat pocket bag box bottle cup plate knife fork spoon chair bed window floor roof kitchen garden bathroom bedroom window curtain lamp oven fridge soap towel brush mirror comb razor medicine pill nurse disease pain fever blood bone tooth hair skin finger leg knee shoulder neck mouth nose ear tongue stomach brain muscle think know get make go see come want look find give tell work seem feel try leave call ask keep let begin help talk turn start show hear play run move like live believe hold bring happen write provide sit stand lose pay meet include continue set learn lead understand watch follow stop create speak read allow add spend grow open walk win offer remember consider appear buy wait serve die send expect build stay fall cut reach kill remain suggest raise pass sell require report decide pull return explain hope develop carry break receive agree support hit produce eat cover catch draw choose cause point listen realize place close involve increase drive drink sleep wear sing dance cook wash clean paint fix repair teach travel fly swim climb jump throw kick push lift drop hide steal borrow lend save waste count measure weigh calculate guess wonder dream worry laugh cry smile shout whisper promise refuse accept invite visit thank greet marry divorce arrive depart cancel confirm book reserve order deliver ship track charge refund exchange withdraw deposit invest earn owe good new first last long great little own other old right big high different small large next early young important few public bad same able best better free real full special easy clear recent strong possible late general hard sorry wrong happy sad angry tired hungry thirsty sick busy lazy funny serious famous rich poor cheap expensive clean dirty wet dry hot cold warm cool fast slow quick heavy empty loud quiet sweet sour bitter salty spicy fresh rotten beautiful ugly smart stupid brave shy polite rude honest kind cruel gentle wild strange normal red blue green yellow black white brown grey today tomorrow yesterday now later soon never always often sometimes usually again already still yet almost maybe perhaps really very quite too enough also only even just about after before during since until while because although however therefore between among under over above below behind beside near far inside outside through across along around against without within toward upon who what when where why which whose how many much some any every each all both either neither none nobody somebody everybody nothing something everything anywhere somewhere everywhere january february april june september october november monday friday sunday dollar euro percent million hundred thousand dozen mile kilometer gallon pound degree zero one two three four five six seven eight nine ten eleven twelve';
