/* What ESP-DSP derives from the chip's configuration. */
#define dsps_dotprod_f32_ae32_enabled 1
#define dsps_dotprod_f32_aes3_enabled 1
#define dotprod_f32_ae32_enabled 1
