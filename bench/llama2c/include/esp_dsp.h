#pragma once
int dsps_dotprod_f32_aes3(const float *first, const float *second, float *result, int count);
