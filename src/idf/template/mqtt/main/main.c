/* Wi-Fi, then the model, then requests as they come. */
#include <stdio.h>

#include "esp32_llm.h"
#include "nvs_flash.h"
#include "wifi.h"
#include "worker.h"

void app_main(void)
{
    if (nvs_flash_init() != ESP_OK && (nvs_flash_erase() != ESP_OK || nvs_flash_init() != ESP_OK)) {
        printf("The partition nvs, where Wi-Fi keeps its calibration, cannot be used.\n");
        return;
    }
    esp32_llm_init_options_t options = ESP32_LLM_INIT_DEFAULT();
@CACHE_IN_PSRAM@    const esp32_llm_err_t error = esp32_llm_init(&options);
    if (error != ESP32_LLM_OK) {
        printf("%s\n", esp32_llm_error_text(error));
        return;
    }
    if (!wifi_connect()) {
        printf("No Wi-Fi: set its name and password with idf.py menuconfig, menu \"Worker\".\n");
        return;
    }
    worker_run();
}
