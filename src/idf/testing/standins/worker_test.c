/*
 * The worker on a computer: its broker is whoever is at the other end of standard input and output, a line a message, fields parted by
 * spaces, texts in hexadecimal ("-" for none). Its model makes tokens out of seed and position.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "esp32_llm.h"
#include "esp32_llm_program.h"
#include "esp_crt_bundle.h"
#include "esp_mac.h"
#include "freertos/queue.h"
#include "mqtt_client.h"
#include "test.h"
#include "worker.h"

/* ---- A model ---- */

#define PASS_NS 200000L

uintptr_t esp32_llm_words[512];
static uint64_t seed, digest;
static int32_t position, prompt_tokens;
static atomic_int passes[2];
static char piece[3];

void esp32_llm_program_sampling(float temperature, float topp, int32_t topk, float minp, float penalty)
{
    (void)temperature, (void)topp, (void)topk, (void)minp, (void)penalty;
}

void esp32_llm_program_bind(const void *grammar, int32_t positions)
{
    (void)grammar, (void)positions;
}

int32_t esp32_llm_program_isOver(void)
{
    return 0;
}

int32_t esp32_llm_program_begin(const char *text, int32_t bytes, uint64_t chosen)
{
    (void)text;
    seed = chosen;
    position = 0;
    digest = 0xcbf29ce484222325u;
    prompt_tokens = bytes + 1;
    return prompt_tokens <= ESP32_LLM_CONTEXT ? prompt_tokens : 0;
}

void esp32_llm_program_pass(int32_t core)
{
    const struct timespec work = {.tv_nsec = PASS_NS};
    nanosleep(&work, NULL);
    const int mine = atomic_fetch_add(&passes[core], 1) + 1;
    while (ESP32_LLM_CORES == 2 && atomic_load(&passes[core ^ 1]) < mine) {
        sched_yield();
    }
}

int32_t esp32_llm_program_next(void)
{
    if (position >= prompt_tokens + 40 && seed == 5) {
        return -1;
    }
    const int32_t token = (int32_t)((seed * 31 + (uint64_t)position * 7) % 256);
    position++;
    piece[0] = (char)token; // any byte: quotes, controls, halves of UTF-8
    piece[1] = '"';
    for (int shift = 0; shift < 32; shift += 8) {
        digest = (digest ^ ((uint32_t)token >> shift & 0xff)) * 0x100000001b3u;
    }
    return token;
}

const char *esp32_llm_program_pieceAddress(void)
{
    return piece;
}

int32_t esp32_llm_program_pieceBytes(void)
{
    return 2;
}

uint64_t esp32_llm_program_storyDigest(void)
{
    return digest;
}

/* ---- A queue ---- */

struct test_queue {
    pthread_mutex_t mutex;
    size_t bytes, length, count;
    unsigned char *items;
};

QueueHandle_t xQueueCreate(UBaseType_t length, UBaseType_t bytes)
{
    struct test_queue *queue = calloc(1, sizeof *queue);
    *queue = (struct test_queue){PTHREAD_MUTEX_INITIALIZER, bytes, length, 0, malloc((size_t)length * bytes)};
    return queue;
}

BaseType_t xQueueSend(QueueHandle_t queue, const void *item, TickType_t ticks)
{
    (void)ticks;
    pthread_mutex_lock(&queue->mutex);
    const BaseType_t sent = queue->count < queue->length;
    if (sent) {
        memcpy(queue->items + queue->bytes * queue->count++, item, queue->bytes);
    }
    pthread_mutex_unlock(&queue->mutex);
    return sent;
}

BaseType_t xQueueReceive(QueueHandle_t queue, void *item, TickType_t ticks)
{
    for (TickType_t waited = 0;; waited++) {
        pthread_mutex_lock(&queue->mutex);
        const BaseType_t got = queue->count > 0;
        if (got) {
            memcpy(item, queue->items, queue->bytes);
            memmove(queue->items, queue->items + queue->bytes, queue->bytes * --queue->count);
        }
        pthread_mutex_unlock(&queue->mutex);
        if (got || waited >= ticks) {
            return got;
        }
        const struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
}

/* ---- A client ---- */

static esp_event_handler_t handler;
static const esp_mqtt5_publish_property_config_t *publish_property;
static const esp_mqtt5_subscribe_property_config_t *subscribe_property;
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

static void print_hexadecimal(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        printf("%02x", (unsigned char)bytes[i]);
    }
    printf(count > 0 ? " " : "- ");
}

static size_t read_hexadecimal(const char *digits, char *bytes, size_t room)
{
    size_t count = 0;
    unsigned byte;
    for (; count < room && sscanf(digits + 2 * count, "%2x", &byte) == 1; count++) {
        bytes[count] = (char)byte;
    }
    return count;
}

esp_mqtt_client_handle_t esp_mqtt_client_init(const esp_mqtt_client_config_t *config)
{
    printf("will %s %d %d\n", config->session.last_will.topic, config->session.last_will.qos,
           config->session.last_will.retain);
    return (esp_mqtt_client_handle_t)1;
}

esp_err_t esp_mqtt5_client_set_connect_property(esp_mqtt_client_handle_t client,
                                                const esp_mqtt5_connection_property_config_t *property)
{
    (void)client;
    return property->receive_maximum == 1 ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_mqtt_client_register_event(esp_mqtt_client_handle_t client, esp_mqtt_event_id_t event,
                                         esp_event_handler_t chosen, void *argument)
{
    (void)client, (void)event, (void)argument;
    handler = chosen;
    return ESP_OK;
}

esp_err_t esp_mqtt5_client_set_publish_property(esp_mqtt_client_handle_t client,
                                                const esp_mqtt5_publish_property_config_t *property)
{
    (void)client;
    publish_property = property;
    return ESP_OK;
}

esp_err_t esp_mqtt5_client_set_subscribe_property(esp_mqtt_client_handle_t client,
                                                  const esp_mqtt5_subscribe_property_config_t *property)
{
    (void)client;
    subscribe_property = property;
    return ESP_OK;
}

int esp_mqtt_client_subscribe_single(esp_mqtt_client_handle_t client, const char *topic, int qos)
{
    (void)client;
    pthread_mutex_lock(&output);
    if (subscribe_property != NULL && subscribe_property->is_share_subscribe) {
        printf("subscribe $share/%s/%s %d\n", subscribe_property->share_name, topic, qos);
    } else {
        printf("subscribe %s %d\n", topic, qos);
    }
    subscribe_property = NULL;
    pthread_mutex_unlock(&output);
    return 1;
}

int esp_mqtt_client_publish(esp_mqtt_client_handle_t client, const char *topic, const char *data, int len, int qos,
                            int retain)
{
    (void)client;
    pthread_mutex_lock(&output);
    printf("publish %s %d %d ", topic, qos, retain);
    print_hexadecimal(publish_property != NULL ? publish_property->correlation_data : NULL,
                      publish_property != NULL ? publish_property->correlation_data_len : 0);
    print_hexadecimal(data, (size_t)len);
    printf("\n");
    publish_property = NULL;
    pthread_mutex_unlock(&output);
    return 1;
}

static void deliver(char *topic, char *response, const char *correlation_digits, const char *data_digits)
{
    static char data[8192], correlation[64];
    esp_mqtt5_event_property_t property = {0};
    property.response_topic = strcmp(response, "-") != 0 ? response : NULL;
    property.response_topic_len = property.response_topic != NULL ? (int)strlen(response) : 0;
    property.correlation_data_len = (uint16_t)read_hexadecimal(correlation_digits, correlation, sizeof correlation);
    property.correlation_data = property.correlation_data_len > 0 ? correlation : NULL;
    const int bytes = (int)read_hexadecimal(data_digits, data, sizeof data);
    esp_mqtt_event_t event = {data, bytes, bytes, topic, (int)strlen(topic), &property};
    handler(NULL, NULL, MQTT_EVENT_DATA, &event);
}

static void *receive(void *argument)
{
    (void)argument;
    static char line[20000], topic[300], response[300], correlation[200], data[18000];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strncmp(line, "connected", 9) == 0) {
            handler(NULL, NULL, MQTT_EVENT_CONNECTED, &(esp_mqtt_event_t){0});
        } else if (sscanf(line, "message %299s %299s %199s %17999s", topic, response, correlation, data) == 4) {
            deliver(topic, response, correlation, data);
        }
    }
    exit(0);
}

esp_err_t esp_mqtt_client_start(esp_mqtt_client_handle_t client)
{
    (void)client;
    pthread_t thread;
    return pthread_create(&thread, NULL, receive, NULL) == 0 ? ESP_OK : ESP_FAIL;
}

/* ---- The rest ---- */

esp_err_t esp_read_mac(uint8_t *mac, esp_mac_type_t type)
{
    const uint8_t some[6] = {0x7c, 0xdf, 0xa1, 0x00, 0x00, (uint8_t)type};
    memcpy(mac, some, sizeof some);
    return ESP_OK;
}

esp_err_t esp_crt_bundle_attach(void *config)
{
    (void)config;
    return ESP_OK;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    uint8_t *weights = aligned_alloc(16, (ESP32_LLM_WEIGHTS_BYTES + 15) / 16 * 16);
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL || fread(weights, 1, ESP32_LLM_WEIGHTS_BYTES, file) != ESP32_LLM_WEIGHTS_BYTES) {
        return 2;
    }
    fclose(file);
    test = (struct test_state){.allocations_left = 1000, .tasks_left = 1000, .weights = weights};
    test.partition_bytes = ESP32_LLM_WEIGHTS_BYTES;
    if (esp32_llm_init(NULL) != ESP32_LLM_OK) {
        return 1;
    }
    worker_run();
}
