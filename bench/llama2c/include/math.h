#pragma once
float expf(float), powf(float, float), sqrtf(float), cosf(float), sinf(float);
