/* The part of cJSON that the worker uses. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
typedef struct cJSON {
    struct cJSON *next, *child;
    char *string, *valuestring;
    double valuedouble;
    bool is_number;
} cJSON;
cJSON *cJSON_ParseWithLength(const char *text, size_t bytes);
cJSON *cJSON_GetObjectItemCaseSensitive(const cJSON *object, const char *name);
bool cJSON_IsString(const cJSON *item);
bool cJSON_IsNumber(const cJSON *item);
void cJSON_Delete(cJSON *item);
