/* Stand-in for cJSON: objects, strings and numbers, as requests have them. */
#include "cJSON.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    const char *at, *end;
};

static void skip_space(struct reader *reader)
{
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) != NULL) {
        reader->at++;
    }
}

static bool take(struct reader *reader, char wanted)
{
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != wanted) {
        return false;
    }
    reader->at++;
    return true;
}

static size_t put_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    return 3;
}

static char *read_string(struct reader *reader)
{
    if (!take(reader, '"')) {
        return NULL;
    }
    char *text = malloc((size_t)(reader->end - reader->at) + 1);
    size_t length = 0;
    while (reader->at < reader->end && *reader->at != '"') {
        char character = *reader->at++;
        if (character != '\\' || reader->at == reader->end) {
            text[length++] = character;
            continue;
        }
        character = *reader->at++;
        if (character == 'u' && reader->end - reader->at >= 4) {
            char digits[5] = {0};
            memcpy(digits, reader->at, 4);
            reader->at += 4;
            length += put_utf8(text + length, (unsigned)strtoul(digits, NULL, 16));
        } else {
            const char *named = strchr("n\nt\tr\rb\bf\f", character);
            text[length++] = named != NULL ? named[1] : character;
        }
    }
    text[length] = '\0';
    reader->at += reader->at < reader->end;
    return text;
}

static cJSON *read_value(struct reader *reader)
{
    cJSON *item = calloc(1, sizeof *item);
    skip_space(reader);
    const char first = reader->at < reader->end ? *reader->at : '\0';
    if (first == '"') {
        item->valuestring = read_string(reader);
    } else if (first == '{') {
        cJSON **last = &item->child;
        reader->at++;
        while (!take(reader, '}')) {
            char *name = read_string(reader);
            if (name == NULL || !take(reader, ':') || (*last = read_value(reader)) == NULL) {
                free(name);
                cJSON_Delete(item);
                return NULL;
            }
            (*last)->string = name;
            last = &(*last)->next;
            take(reader, ',');
        }
    } else {
        char digits[40] = {0};
        for (size_t i = 0; i + 1 < sizeof digits && reader->at < reader->end && strchr("+-.0123456789eE", *reader->at); i++) {
            digits[i] = *reader->at++;
        }
        if (digits[0] == '\0') {
            cJSON_Delete(item);
            return NULL;
        }
        item->valuedouble = strtod(digits, NULL);
        item->is_number = true;
    }
    return item;
}

cJSON *cJSON_ParseWithLength(const char *text, size_t bytes)
{
    struct reader reader = {text, text + bytes};
    return read_value(&reader);
}

cJSON *cJSON_GetObjectItemCaseSensitive(const cJSON *object, const char *name)
{
    cJSON *item = object != NULL ? object->child : NULL;
    while (item != NULL && strcmp(item->string, name) != 0) {
        item = item->next;
    }
    return item;
}

bool cJSON_IsString(const cJSON *item)
{
    return item != NULL && item->valuestring != NULL;
}

bool cJSON_IsNumber(const cJSON *item)
{
    return item != NULL && item->is_number;
}

void cJSON_Delete(cJSON *item)
{
    while (item != NULL) {
        cJSON *next = item->next;
        cJSON_Delete(item->child);
        free(item->string);
        free(item->valuestring);
        free(item);
        item = next;
    }
}
