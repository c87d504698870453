/* Type the beginning of a story, and the model goes on: on the console, and on a screen if there is one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "esp32_llm.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "screen.h"

#define CTRL_C 3
#define BACKSPACE 8
#define DELETE 127

/** The next typed character, or EOF; the console does not wait. */
static int typed(void)
{
    const int character = getchar();
    if (character == EOF) {
        clearerr(stdin);
    }
    return character;
}

static void read_line(char *line, size_t room)
{
    size_t length = 0;
    printf("> ");
    fflush(stdout);
    for (;;) {
        const int character = typed();
        if (character == EOF) {
            vTaskDelay(1);
        } else if (character == '\r' || character == '\n') {
            break;
        } else if ((character == BACKSPACE || character == DELETE) && length > 0) {
            length--;
            printf("\b \b");
        } else if (character >= ' ' && character != DELETE && length + 1 < room) {
            line[length++] = (char)character;
            putchar(character);
        }
        fflush(stdout);
    }
    line[length] = '\0';
    putchar('\n');
}

/** Prints a token; Ctrl-C ends the story. */
static bool show(const esp32_llm_token_t *token, void *user)
{
    (void)user;
    fwrite(token->text, 1, token->text_bytes, stdout);
    fflush(stdout);
    screen_write(token->text, token->text_bytes);
    return typed() != CTRL_C;
}

static void tell(const char *prompt)
{
    esp32_llm_generate_options_t options = ESP32_LLM_GENERATE_DEFAULT();
    options.prompt = prompt;
    options.on_token = show;
    esp32_llm_result_t result;
    screen_clear();
    const esp32_llm_err_t error = esp32_llm_generate(&options, &result);
    if (error != ESP32_LLM_OK) {
        printf("%s\n", esp32_llm_error_text(error));
        return;
    }
    const double seconds = (double)result.busy_microseconds / 1e6;
    const double rate = seconds > 0 ? result.tokens / seconds : 0;
    printf("\n[%" PRIu32 " tokens, %.2f tokens/s, digest %016" PRIx64 "]\n", result.tokens, rate, result.digest);
    char summary[32];
    const int bytes = snprintf(summary, sizeof summary, "\n%.1f tokens/s", rate);
    screen_write(summary, (size_t)bytes);
}

void app_main(void)
{
    screen_begin();
    esp32_llm_init_options_t options = ESP32_LLM_INIT_DEFAULT();
@CACHE_IN_PSRAM@    const esp32_llm_err_t error = esp32_llm_init(&options);
    if (error != ESP32_LLM_OK) {
        printf("%s\n", esp32_llm_error_text(error));
        return;
    }
    printf("%s: %d layers, context of %d positions. Type the beginning of a story.\n", ESP32_LLM_MODEL,
           ESP32_LLM_LAYERS, ESP32_LLM_CONTEXT);
    static char line[ESP32_LLM_LONGEST_PROMPT + 1];
    for (;;) {
        read_line(line, sizeof line);
        tell(line);
    }
}
