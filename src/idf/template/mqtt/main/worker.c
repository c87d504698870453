/*
 * This board on an MQTT 5 broker. The client's task only notes what arrives; everything is said from the task that tells the stories, since
 * a message's properties are set by one call and used by the next.
 */
#include "worker.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "esp32_llm.h"
#include "esp_crt_bundle.h"
#include "esp_mac.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/task.h"
#include "messages.h"
#include "mqtt_client.h"
#include "sdkconfig.h"

/** The model's name as a level of a topic. */
#define MODEL_LEVEL "@MODEL_LEVEL@"
#define TELL CONFIG_WORKER_PREFIX "/tell/" MODEL_LEVEL
#define CANARY CONFIG_WORKER_PREFIX "/canary/" MODEL_LEVEL
#define ANSWERS CONFIG_WORKER_PREFIX "/answers/"

#define TOPIC_ROOM 128
#define TEXT_ROOM 3072
/** A token's line without its text. */
#define TOKEN_ROOM 64
#define GATHER_US 20000
#define WAITING 2
#define LOOK_MS 100
/** How long the broker may take to tell what other boards' canary said. */
#define CANARY_MS 2000
#define BUFFER_BYTES 4096
#define KEEPALIVE_S 30
#define MEGAHERTZ 240

static esp_mqtt_client_handle_t client;
static char id[13], key[16], worker_topic[TOPIC_ROOM], board_topic[TOPIC_ROOM], stop_topic[TOPIC_ROOM];

/* From the client's task. */
static QueueHandle_t requests;
static atomic_bool connected_anew, stop_asked;
static char stop_correlation[CORRELATION_ROOM], known_canary[17];
static atomic_int stop_bytes;
static atomic_bool canary_known;

/* Of the task that tells. */
static enum { CHECKING, IDLE, BUSY, REFUSED } state;
static char own_canary[17];
static uint32_t stories, tokens_told;
static double speed;
static char text_storage[TEXT_ROOM];
static struct text text = {.start = text_storage, .room = sizeof text_storage};

static void publish(const char *topic, const char *message, int qos, int retain)
{
    esp_mqtt_client_publish(client, topic, message, (int)strlen(message), qos, retain);
}

static void publish_status(void)
{
    static const char *const names[] = {"checking", "idle", "busy", "refused"};
    static char status_storage[512];
    struct text status = {.start = status_storage, .room = sizeof status_storage};
    text_add(&status, "{\"name\":\"esp-idf\",\"state\":\"%s\",\"model\":\"", names[state]);
    text_add_bytes(&status, ESP32_LLM_MODEL, strlen(ESP32_LLM_MODEL));
    text_add(&status, "\",\"context\":%d,\"stories\":%" PRIu32 ",\"tokens\":%" PRIu32, ESP32_LLM_CONTEXT, stories,
             tokens_told);
    if (speed > 0) {
        text_add(&status, ",\"speed\":%.2f", speed);
    }
    if (own_canary[0] != '\0') {
        text_add(&status, ",\"digest\":\"%s\"", own_canary);
    }
    if (state == REFUSED) {
        text_add(&status, ",\"trouble\":\"tells another story (digest %s) than other boards (%s); it must not serve\"",
                 own_canary, known_canary);
    }
    text_add(&status, "}");
    publish(board_topic, status_storage, 1, 1);
}

static void subscribe_to_requests(void)
{
    const esp_mqtt5_subscribe_property_config_t property = {.is_share_subscribe = true, .share_name = "boards"};
    esp_mqtt5_client_set_subscribe_property(client, &property);
    esp_mqtt_client_subscribe_single(client, TELL, 1);
}

/** After every connection: a broker may have forgotten all. */
static void announce(void)
{
    if (!atomic_exchange(&connected_anew, false)) {
        return;
    }
    publish(worker_topic, "online", 1, 1);
    publish_status();
    if (own_canary[0] != '\0' && state != REFUSED) {
        publish(CANARY, own_canary, 1, 1);
        subscribe_to_requests();
    }
}

/* ---- Answers ---- */

static void begin_answer(const char *say)
{
    text.length = 0;
    text_add(&text, "{\"say\":\"%s\",\"from\":\"%s\"", say, key);
}

static void send_answer(const struct request *request, int qos)
{
    const esp_mqtt5_publish_property_config_t property = {
        .correlation_data = request->correlation,
        .correlation_data_len = request->correlation_bytes,
    };
    text_add(&text, "}");
    esp_mqtt5_client_set_publish_property(client, &property);
    publish(request->answers, text_storage, qos, 0);
}

/** What the callback of a story knows. */
struct telling {
    const struct request *request;
    int64_t began, last, sent;
    uint32_t first_us, last_us, tokens;
};

static void flush_tokens(struct telling *telling, int64_t now)
{
    if (text.length == 0) {
        return;
    }
    text_add(&text, "]");
    send_answer(telling->request, 0);
    text.length = 0;
    telling->sent = now;
}

static void begin_tokens(const struct telling *telling, const esp32_llm_token_t *token)
{
    const struct request *request = telling->request;
    begin_answer("tokens");
    if (token->index == 0) {
        text_add(&text, ",\"start\":{\"event\":\"start\",\"prompt\":%" PRIu32 ",\"seed\":\"%" PRIu64 "\"",
                 token->prompt_tokens, request->seed);
        text_add(&text, ",\"temperature\":%.4f,\"topp\":%.4f,\"topk\":%" PRId32 ",\"minp\":%.4f,\"penalty\":%.4f}",
                 (double)request->temperature, (double)request->topp, request->topk, (double)request->minp,
                 (double)request->penalty);
    }
    text_add(&text, ",\"tokens\":[");
}

static bool is_stopped(const struct request *request)
{
    if (!atomic_exchange(&stop_asked, false)) {
        return false;
    }
    return atomic_load(&stop_bytes) == request->correlation_bytes &&
           memcmp(stop_correlation, request->correlation, request->correlation_bytes) == 0;
}

static bool on_token(const esp32_llm_token_t *token, void *user)
{
    struct telling *telling = user;
    const int64_t now = esp_timer_get_time();
    telling->last_us = (uint32_t)(now - telling->last);
    telling->first_us = token->index == 0 ? telling->last_us : telling->first_us;
    telling->last = now;
    telling->tokens = token->index + 1;
    if (text.length == 0) {
        begin_tokens(telling, token);
    } else {
        text_add(&text, ",");
    }
    text_add(&text, "{\"event\":\"token\",\"n\":%" PRIu32 ",\"id\":%" PRId32 ",\"text\":\"", token->index, token->id);
    text_add_bytes(&text, token->text, token->text_bytes);
    text_add(&text, "\"}");
    const size_t next = TOKEN_ROOM + 6 * ESP32_LLM_LONGEST_PIECE;
    if (now - telling->sent >= GATHER_US || text.length + next > text.room) {
        flush_tokens(telling, now);
    }
    if (atomic_load(&connected_anew)) {
        flush_tokens(telling, now);
        announce();
    }
    return !is_stopped(telling->request);
}

static esp32_llm_err_t generate(const struct request *request, esp32_llm_on_token_t callback, void *user,
                                esp32_llm_result_t *result)
{
    esp32_llm_generate_options_t options = ESP32_LLM_GENERATE_DEFAULT();
    options.prompt = request->prompt;
    options.seed = request->seed;
    options.max_tokens = request->tokens > ESP32_LLM_CONTEXT ? 0 : request->tokens;
    options.temperature = request->temperature;
    options.topp = request->topp;
    options.topk = request->topk;
    options.minp = request->minp;
    options.penalty = request->penalty;
    options.on_token = callback;
    options.user = user;
    return esp32_llm_generate(&options, result);
}

static void answer_end(const struct telling *telling, const esp32_llm_result_t *result)
{
    static const char *const endings[] = {"finished", "limit", "stopped"};
    begin_answer("end");
    text_add(&text, ",\"end\":{\"event\":\"end\",\"ending\":\"%s\",\"tokens\":%" PRIu32, endings[result->ending],
             result->tokens);
    text_add(&text, ",\"digest\":\"%016" PRIx64 "\",\"cycles\":\"%" PRIu64 "\"", result->digest,
             result->busy_microseconds * MEGAHERTZ);
    text_add(&text, ",\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",\"megahertz\":%d}", (uint64_t)telling->first_us * MEGAHERTZ,
             (uint64_t)telling->last_us * MEGAHERTZ, MEGAHERTZ);
    send_answer(telling->request, 1);
}

static void tell(const struct request *request)
{
    state = BUSY;
    publish_status();
    begin_answer("taken");
    send_answer(request, 1);
    text.length = 0;
    struct telling telling = {.request = request, .began = esp_timer_get_time()};
    telling.last = telling.sent = telling.began;
    esp32_llm_result_t result;
    const esp32_llm_err_t error = generate(request, on_token, &telling, &result);
    if (error == ESP32_LLM_OK) {
        flush_tokens(&telling, esp_timer_get_time());
        answer_end(&telling, &result);
        stories++;
        tokens_told += telling.tokens;
        speed = result.busy_microseconds > 0 ? 1e6 * result.tokens / (double)result.busy_microseconds : 0;
    } else {
        begin_answer("refused");
        text_add(&text, ",\"message\":\"%s\"", esp32_llm_error_text(error));
        send_answer(request, 1);
    }
    state = IDLE;
    publish_status();
}

/* ---- The canary ---- */

/** The story that every board of a model must tell alike before it serves: as esp32-llm's workers ask for it. */
static const struct request canary = {
    .prompt = "Once upon a time", .seed = 1, .tokens = 24, .temperature = 1.0f, .topp = 0.9f, .penalty = 1.0f};

static void check_canary(void)
{
    esp32_llm_result_t result;
    for (int waited = 0; waited < CANARY_MS && !atomic_load(&canary_known); waited += LOOK_MS) {
        vTaskDelay(pdMS_TO_TICKS(LOOK_MS));
        announce();
    }
    if (generate(&canary, NULL, NULL, &result) != ESP32_LLM_OK) {
        return;
    }
    snprintf(own_canary, sizeof own_canary, "%016" PRIx64, result.digest);
    state = atomic_load(&canary_known) && strcmp(own_canary, known_canary) != 0 ? REFUSED : IDLE;
    atomic_store(&connected_anew, true);
    announce();
}

/* ---- What arrives ---- */

static bool is_topic(const esp_mqtt_event_t *event, const char *topic)
{
    return (size_t)event->topic_len == strlen(topic) && memcmp(event->topic, topic, strlen(topic)) == 0;
}

/** A request whose answers go where gateways listen, and nowhere else. */
static void note_request(const esp_mqtt_event_t *event)
{
    static struct request request;
    const esp_mqtt5_event_property_t *property = event->property;
    const size_t prefix = strlen(ANSWERS);
    if (property == NULL || property->response_topic == NULL || property->correlation_data == NULL ||
        (size_t)property->response_topic_len >= ANSWERS_ROOM || (size_t)property->response_topic_len <= prefix ||
        memcmp(property->response_topic, ANSWERS, prefix) != 0 || property->correlation_data_len > CORRELATION_ROOM ||
        !request_read(&request, event->data, (size_t)event->data_len)) {
        return;
    }
    memcpy(request.answers, property->response_topic, (size_t)property->response_topic_len);
    request.answers[property->response_topic_len] = '\0';
    memcpy(request.correlation, property->correlation_data, property->correlation_data_len);
    request.correlation_bytes = property->correlation_data_len;
    xQueueSend(requests, &request, 0); // where two wait already, the gateway sends it again
}

static void note_stop(const esp_mqtt_event_t *event)
{
    const esp_mqtt5_event_property_t *property = event->property;
    if (property == NULL || property->correlation_data == NULL || property->correlation_data_len > CORRELATION_ROOM) {
        return;
    }
    memcpy(stop_correlation, property->correlation_data, property->correlation_data_len);
    atomic_store(&stop_bytes, property->correlation_data_len);
    atomic_store(&stop_asked, true);
}

static void note_canary(const esp_mqtt_event_t *event)
{
    if (event->data_len == 16 && own_canary[0] == '\0') {
        memcpy(known_canary, event->data, 16);
        atomic_store(&canary_known, true);
    }
}

static void on_event(void *argument, esp_event_base_t base, int32_t event_id, void *data)
{
    (void)argument;
    (void)base;
    const esp_mqtt_event_t *event = data;
    if (event_id == MQTT_EVENT_CONNECTED) {
        esp_mqtt_client_subscribe_single(client, stop_topic, 1);
        esp_mqtt_client_subscribe_single(client, CANARY, 1);
        atomic_store(&connected_anew, true);
    } else if (event_id == MQTT_EVENT_DATA && event->data_len == event->total_data_len) {
        if (is_topic(event, TELL)) {
            note_request(event);
        } else if (is_topic(event, stop_topic)) {
            note_stop(event);
        } else if (is_topic(event, CANARY)) {
            note_canary(event);
        }
    }
}

static void name_topics(void)
{
    uint8_t mac[6];
    esp_read_mac(mac, ESP_MAC_WIFI_STA);
    snprintf(id, sizeof id, "%02x%02x%02x%02x%02x%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    snprintf(key, sizeof key, "%s/1", id);
    snprintf(worker_topic, sizeof worker_topic, CONFIG_WORKER_PREFIX "/workers/%s", id);
    snprintf(board_topic, sizeof board_topic, CONFIG_WORKER_PREFIX "/boards/%s", key);
    snprintf(stop_topic, sizeof stop_topic, CONFIG_WORKER_PREFIX "/stop/%s", key);
}

static void connect_to_broker(void)
{
    const esp_mqtt_client_config_t config = {
        .broker.address.uri = CONFIG_WORKER_BROKER,
        .broker.verification.crt_bundle_attach = esp_crt_bundle_attach,
        .credentials.username = CONFIG_WORKER_BROKER_USER[0] ? CONFIG_WORKER_BROKER_USER : NULL,
        .credentials.client_id = id,
        .credentials.authentication.password = CONFIG_WORKER_BROKER_PASSWORD[0] ? CONFIG_WORKER_BROKER_PASSWORD : NULL,
        .session.protocol_ver = MQTT_PROTOCOL_V_5,
        .session.keepalive = KEEPALIVE_S,
        .session.last_will = {.topic = worker_topic, .msg = "", .qos = 1, .retain = 1},
        .buffer.size = BUFFER_BYTES,
    };
    const esp_mqtt5_connection_property_config_t property = {.receive_maximum = 1};
    client = esp_mqtt_client_init(&config);
    ESP_ERROR_CHECK(esp_mqtt5_client_set_connect_property(client, &property));
    ESP_ERROR_CHECK(esp_mqtt_client_register_event(client, MQTT_EVENT_ANY, on_event, NULL));
    ESP_ERROR_CHECK(esp_mqtt_client_start(client));
}

void worker_run(void)
{
    requests = xQueueCreate(WAITING, sizeof(struct request));
    name_topics();
    connect_to_broker();
    while (!atomic_load(&connected_anew)) {
        vTaskDelay(pdMS_TO_TICKS(LOOK_MS));
    }
    check_canary();
    static struct request request;
    for (;;) {
        if (xQueueReceive(requests, &request, pdMS_TO_TICKS(LOOK_MS)) == pdTRUE) {
            announce();
            atomic_store(&stop_asked, false);
            tell(&request);
        } else {
            announce();
        }
    }
}
