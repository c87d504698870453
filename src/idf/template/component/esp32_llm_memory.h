/* Weights and memory of the model. */
#pragma once

#include "esp32_llm.h"

/** Finds and checks the weights, takes memory, and tells the program where everything is. On an error, release. */
esp32_llm_err_t esp32_llm_memory_take(const esp32_llm_init_options_t *options);

/** Gives back all that was taken; the program must not run any more. */
void esp32_llm_memory_release(void);
