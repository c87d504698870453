/* A text screen of 128 x 64 pixels: words wrap, lines scroll. Without a screen all of this does nothing. */
#pragma once

#include <stddef.h>

/** Finds the screen and clears it. A missing one is no error. */
void screen_begin(void);

/** An empty screen, written from the top again. */
void screen_clear(void);

/** Adds text behind what is there; sends the lines that changed. */
void screen_write(const char *text, size_t bytes);
