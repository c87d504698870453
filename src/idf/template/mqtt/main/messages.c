#include "messages.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cJSON.h"

static double number(const cJSON *object, const char *name, double otherwise)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

bool request_read(struct request *request, const char *text, size_t bytes)
{
    const esp32_llm_generate_options_t defaults = ESP32_LLM_GENERATE_DEFAULT();
    cJSON *json = cJSON_ParseWithLength(text, bytes);
    const cJSON *prompt = cJSON_GetObjectItemCaseSensitive(json, "prompt");
    const cJSON *seed = cJSON_GetObjectItemCaseSensitive(json, "seed");
    const cJSON *sampling = cJSON_GetObjectItemCaseSensitive(json, "sampling");
    const bool good = cJSON_IsString(prompt) && cJSON_IsString(seed);
    if (good) {
        snprintf(request->prompt, sizeof request->prompt, "%s", prompt->valuestring);
        request->seed = strtoull(seed->valuestring, NULL, 10);
        request->tokens = (uint32_t)number(json, "tokens", 0);
        request->temperature = (float)number(sampling, "temperature", defaults.temperature);
        request->topp = (float)number(sampling, "topp", defaults.topp);
        request->topk = (int32_t)number(sampling, "topk", defaults.topk);
        request->minp = (float)number(sampling, "minp", defaults.minp);
        request->penalty = (float)number(sampling, "penalty", defaults.penalty);
    }
    cJSON_Delete(json);
    return good;
}

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const size_t left = text->room - text->length;
    const int wanted = vsnprintf(text->start + text->length, left, format, arguments);
    va_end(arguments);
    if (wanted > 0) {
        text->length += (size_t)wanted < left ? (size_t)wanted : left - 1;
    }
}

void text_add_bytes(struct text *text, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        if (byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\') {
            text_add(text, "\\u%04x", byte);
        } else {
            text_add(text, "%c", byte);
        }
    }
}
