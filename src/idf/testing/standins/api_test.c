/* The component's C side against stand-ins: every error path, stories, stops, and that all is given back. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "esp32_llm.h"
#include "esp32_llm_program.h"
#include "esp_heap_caps.h"
#include "test.h"

static int failures;

#define EXPECT(condition)                                                      \
    do {                                                                       \
        if (!(condition)) {                                                    \
            printf("line %d: %s\n", __LINE__, #condition);                     \
            failures++;                                                        \
        }                                                                      \
    } while (0)

/* ---- A program that counts: token i of a story is 100 + i, its text "t"; the prompt is a token a byte. ---- */

uintptr_t esp32_llm_words[32];
static int32_t position, prompt_tokens;
static atomic_int passes[2];
static int passes_before;
static int story_length = 1000000;
static int pass_microseconds;

static float asked_penalty;
static const void *asked_grammar;
static int32_t asked_positions;

void esp32_llm_program_sampling(float temperature, float topp, int32_t topk, float minp, float penalty)
{
    EXPECT(temperature >= 0 && topp >= 0 && topk >= 0 && minp >= 0);
    asked_penalty = penalty;
}

void esp32_llm_program_bind(const void *grammar, int32_t positions)
{
    asked_grammar = grammar;
    asked_positions = positions;
    EXPECT(positions > 0 && positions <= ESP32_LLM_CONTEXT);
}

int32_t esp32_llm_program_isOver(void)
{
    return asked_grammar != NULL && position == prompt_tokens + 3;
}

int32_t esp32_llm_program_begin(const char *text, int32_t bytes, uint64_t seed)
{
    (void)text;
    EXPECT(seed != 0);
    position = 0;
    passes_before = passes[0];
    prompt_tokens = bytes + 1;
    if (asked_grammar != NULL && asked_positions < prompt_tokens + 3) {
        return -1;
    }
    return prompt_tokens <= ESP32_LLM_CONTEXT ? prompt_tokens : 0;
}

void esp32_llm_program_pass(int32_t core)
{
    const struct timespec work = {.tv_nsec = 1000L * pass_microseconds};
    nanosleep(&work, NULL);
    const int mine = atomic_fetch_add(&passes[core], 1) + 1;
    while (ESP32_LLM_CORES == 2 && atomic_load(&passes[core ^ 1]) < mine) {
        sched_yield();
    }
}

int32_t esp32_llm_program_next(void)
{
    return position == story_length ? -1 : 100 + position++;
}

const char *esp32_llm_program_pieceAddress(void)
{
    return "t";
}

int32_t esp32_llm_program_pieceBytes(void)
{
    return 1;
}

uint64_t esp32_llm_program_storyDigest(void)
{
    return (uint64_t)position << 32;
}

/* ---- Tests ---- */

static int seen, wanted;

static bool count(const esp32_llm_token_t *token, void *user)
{
    EXPECT(user == &seen);
    EXPECT(token->id == 100 + seen && token->index == (uint32_t)seen);
    EXPECT(token->text_bytes == 1 && token->text[0] == 't');
    EXPECT(token->is_prompt == (seen + 1 < prompt_tokens));
    EXPECT(esp32_llm_generate(NULL, NULL) == ESP32_LLM_ERROR_STATE);
    EXPECT(esp32_llm_deinit() == ESP32_LLM_ERROR_STATE);
    seen++;
    return seen != wanted;
}

static esp32_llm_generate_options_t story(const char *prompt)
{
    esp32_llm_generate_options_t options = ESP32_LLM_GENERATE_DEFAULT();
    options.prompt = prompt;
    options.on_token = count;
    options.user = &seen;
    seen = 0;
    return options;
}

static void test_memory(void)
{
    esp32_llm_init_options_t options = ESP32_LLM_INIT_DEFAULT();
    static _Alignas(16) uint8_t memory[ESP32_LLM_MEMORY_BYTES + 16];
    options.memory = memory + 4;
    options.memory_bytes = ESP32_LLM_MEMORY_BYTES;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_ARGUMENT);
    options.memory = memory;
    options.memory_bytes = ESP32_LLM_MEMORY_BYTES - 1;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_MEMORY);
    options.memory_bytes = ESP32_LLM_MEMORY_BYTES;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_OK);
    EXPECT(test.allocated == 0 && test.mapped == 1);
    EXPECT(esp32_llm_words[0] == (uintptr_t)memory);
    /* The record's references lead into the weights. */
    const struct weights_header *header = (const struct weights_header *)test.weights;
    const uint32_t *references = (const uint32_t *)(test.weights + header->references_offset);
    for (uint32_t i = 0; i < header->reference_count; i++) {
        uint32_t before, after;
        memcpy(&before, test.weights + header->record_offset + references[i], 4);
        memcpy(&after, memory + references[i], 4);
        EXPECT(before % 16 == 0 && before < ESP32_LLM_WEIGHTS_BYTES);
        EXPECT(after == before + (uint32_t)(uintptr_t)test.weights);
    }
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_STATE);
    EXPECT(esp32_llm_deinit() == ESP32_LLM_OK);
    EXPECT(esp32_llm_deinit() == ESP32_LLM_ERROR_STATE);
    EXPECT(test.mapped == 0);

    options = (esp32_llm_init_options_t)ESP32_LLM_INIT_DEFAULT();
    options.cache_in_psram = true;
    for (int allocations = 0; allocations < 2; allocations++) {
        test.allocations_left = allocations;
        EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_MEMORY);
        EXPECT(test.allocated == 0 && test.mapped == 0);
    }
    test.allocations_left = 2;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_OK);
    EXPECT(test.allocated == 2 && test.last_caps == (MALLOC_CAP_SPIRAM | MALLOC_CAP_8BIT));
    EXPECT(esp32_llm_deinit() == ESP32_LLM_OK);
    EXPECT(test.allocated == 0);
    test.allocations_left = 1000;
}

static void test_weights(void)
{
    esp32_llm_init_options_t options = ESP32_LLM_INIT_DEFAULT();
    options.partition_label = "other";
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_PARTITION);
    options.partition_label = NULL;
    test.partition_bytes = ESP32_LLM_WEIGHTS_BYTES - 1;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_PARTITION);
    test.partition_bytes = ESP32_LLM_WEIGHTS_BYTES;

    test.is_flash_encrypted = true;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_PLAIN);
    EXPECT(test.mapped == 0);
    test.is_partition_encrypted = true;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_OK);
    EXPECT(esp32_llm_deinit() == ESP32_LLM_OK);
    test.is_flash_encrypted = test.is_partition_encrypted = false;

    uint8_t *damaged = aligned_alloc(16, (ESP32_LLM_WEIGHTS_BYTES + 15) / 16 * 16);
    const uint8_t *good = test.weights;
    const size_t spots[] = {0, 4, 8, 12, sizeof(struct weights_header), ESP32_LLM_WEIGHTS_BYTES - 1};
    for (size_t i = 0; i < sizeof spots / sizeof spots[0]; i++) {
        memcpy(damaged, good, ESP32_LLM_WEIGHTS_BYTES);
        damaged[spots[i]] ^= 1;
        test.weights = damaged;
        EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_WEIGHTS);
        EXPECT(test.mapped == 0);
    }
    test.weights = good;
    free(damaged);

    options.weights_place = ESP32_LLM_WEIGHTS_IN_PSRAM;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_OK);
    EXPECT(test.mapped == 0 && test.allocated == 3);
    EXPECT(esp32_llm_deinit() == ESP32_LLM_OK);
    options.weights_place = ESP32_LLM_WEIGHTS_IN_PLACE;
    options.weights = good + 1;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_ARGUMENT);
    options.weights = good;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_OK);
    EXPECT(test.mapped == 0);
    EXPECT(esp32_llm_deinit() == ESP32_LLM_OK);
    EXPECT(test.allocated == 0);
}

static void test_tasks(void)
{
    esp32_llm_init_options_t options = ESP32_LLM_INIT_DEFAULT();
    for (int tasks = 0; tasks < ESP32_LLM_CORES; tasks++) {
        test.tasks_left = tasks;
        EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_TASK);
        EXPECT(test.allocated == 0 && test.mapped == 0);
    }
    test.tasks_left = 1000;
    options.task_priority = 25;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_ARGUMENT);
    options = (esp32_llm_init_options_t)ESP32_LLM_INIT_DEFAULT();
    options.core = 2;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_ERROR_ARGUMENT);
    options.core = 1;
    test.cores = 0;
    EXPECT(esp32_llm_init(&options) == ESP32_LLM_OK);
    EXPECT(test.cores == (ESP32_LLM_CORES == 2 ? 3 : 2));
    EXPECT(esp32_llm_deinit() == ESP32_LLM_OK);
}

static void *stop_soon(void *argument)
{
    (void)argument;
    const struct timespec pause = {.tv_nsec = 20000000};
    nanosleep(&pause, NULL);
    esp32_llm_stop();
    return NULL;
}

static void test_stories(void)
{
    esp32_llm_result_t result;
    EXPECT(esp32_llm_generate(NULL, NULL) == ESP32_LLM_ERROR_STATE);
    EXPECT(esp32_llm_init(NULL) == ESP32_LLM_OK);

    esp32_llm_generate_options_t options = story("abc");
    EXPECT(esp32_llm_generate(&options, &result) == ESP32_LLM_OK);
    EXPECT(result.ending == ESP32_LLM_LIMIT && result.tokens == ESP32_LLM_CONTEXT && seen == ESP32_LLM_CONTEXT);
    EXPECT(result.prompt_tokens == 4 && result.digest == (uint64_t)ESP32_LLM_CONTEXT << 32);
    EXPECT(passes[0] == passes_before + ESP32_LLM_CONTEXT);
    EXPECT(passes[1] == (ESP32_LLM_CORES == 2 ? passes[0] : 0));

    options = story(NULL);
    options.max_tokens = 7;
    EXPECT(esp32_llm_generate(&options, &result) == ESP32_LLM_OK);
    EXPECT(result.ending == ESP32_LLM_LIMIT && result.tokens == 7);

    story_length = 5;
    options = story("");
    EXPECT(esp32_llm_generate(&options, &result) == ESP32_LLM_OK);
    EXPECT(result.ending == ESP32_LLM_FINISHED && result.tokens == 6 && seen == 5);
    story_length = 1000000;

    options = story("");
    wanted = 9;
    EXPECT(esp32_llm_generate(&options, &result) == ESP32_LLM_OK);
    EXPECT(result.ending == ESP32_LLM_STOPPED && seen == 9);
    wanted = 0;

    esp32_llm_stop();
    options = story("");
    options.max_tokens = 3;
    EXPECT(esp32_llm_generate(&options, &result) == ESP32_LLM_OK);
    EXPECT(result.ending == ESP32_LLM_LIMIT);

    pass_microseconds = 1000;
    test.rests = 0;
    pthread_t stopper;
    pthread_create(&stopper, NULL, stop_soon, NULL);
    options = story("");
    EXPECT(esp32_llm_generate(&options, &result) == ESP32_LLM_OK);
    EXPECT(result.ending == ESP32_LLM_STOPPED && result.tokens < ESP32_LLM_CONTEXT);
    EXPECT(test.rests > 0);
    EXPECT(result.busy_microseconds <= result.total_microseconds);
    pthread_join(stopper, NULL);
    pass_microseconds = 0;

    static char prompt[ESP32_LLM_LONGEST_PROMPT + 2];
    memset(prompt, 'x', ESP32_LLM_LONGEST_PROMPT + 1);
    options = story(prompt);
    EXPECT(esp32_llm_generate(&options, &result) == ESP32_LLM_ERROR_PROMPT);
    options = story("");
    options.temperature = -1;
    EXPECT(esp32_llm_generate(&options, NULL) == ESP32_LLM_ERROR_ARGUMENT);
    options.temperature = 0;
    options.topp = 1.5f;
    EXPECT(esp32_llm_generate(&options, NULL) == ESP32_LLM_ERROR_ARGUMENT);
    options.topp = 0.5f;
    options.topk = -1;
    EXPECT(esp32_llm_generate(&options, NULL) == ESP32_LLM_ERROR_ARGUMENT);
    options.topk = 40;
    options.penalty = 0.5f;
    EXPECT(esp32_llm_generate(&options, NULL) == ESP32_LLM_ERROR_ARGUMENT);
    options.penalty = 1.25f;
    EXPECT(esp32_llm_generate(&options, NULL) == ESP32_LLM_OK);
    EXPECT(asked_penalty == 1.25f);
    EXPECT(esp32_llm_generate(NULL, NULL) == ESP32_LLM_OK);
    EXPECT(asked_penalty == 1.0f);

    static const uint32_t grammar[4];
    options = story("ab");
    options.grammar = grammar;
    EXPECT(esp32_llm_generate(&options, &result) == ESP32_LLM_OK);
    EXPECT(asked_grammar == grammar && result.ending == ESP32_LLM_FINISHED && result.tokens == 6);
    options.max_tokens = 5;
    EXPECT(esp32_llm_generate(&options, NULL) == ESP32_LLM_ERROR_GRAMMAR);
    options.grammar = (const uint8_t *)grammar + 1;
    EXPECT(esp32_llm_generate(&options, NULL) == ESP32_LLM_ERROR_ARGUMENT);
    EXPECT(esp32_llm_deinit() == ESP32_LLM_OK);
}

int main(int argc, char **argv)
{
    uint8_t *weights = aligned_alloc(16, (ESP32_LLM_WEIGHTS_BYTES + 15) / 16 * 16);
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL || fread(weights, 1, ESP32_LLM_WEIGHTS_BYTES, file) != ESP32_LLM_WEIGHTS_BYTES) {
        printf("weights.bin cannot be read\n");
        return 2;
    }
    fclose(file);
    test = (struct test_state){.allocations_left = 1000, .tasks_left = 1000};
    test.partition_bytes = ESP32_LLM_WEIGHTS_BYTES;
    test.weights = weights;
    test_memory();
    test_weights();
    test_tasks();
    test_stories();
    for (int error = 0; error < 10; error++) {
        EXPECT(strlen(esp32_llm_error_text((esp32_llm_err_t)error)) > 0);
    }
    EXPECT(test.allocated == 0 && test.mapped == 0);
    printf(failures == 0 ? "all is well\n" : "%d failures\n", failures);
    free(weights);
    return failures != 0;
}
