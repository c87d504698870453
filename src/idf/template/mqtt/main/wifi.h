#pragma once
#include <stdbool.h>

/** Joins the network of the settings, and again whenever it is lost; returns once there is an address. False: none is set. */
bool wifi_connect(void);
