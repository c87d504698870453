/** What the firmware builder says about the board's screen (src/firmware/screen.ts). With `screenKind` 0 all of it folds away. */

/** 0 none, 1 SSD1306, 2 SH1106. */
// @ts-ignore: decorator
@external("config", "screenKind") export declare const screenKind: i32;
/** 7-bit I2C address. */
// @ts-ignore: decorator
@external("config", "screenAddress") export declare const screenAddress: u32;
// @ts-ignore: decorator
@external("config", "screenSda") export declare const screenSda: u32;
// @ts-ignore: decorator
@external("config", "screenScl") export declare const screenScl: u32;
/** Reset pin, low active, or -1. */
// @ts-ignore: decorator
@external("config", "screenReset") export declare const screenReset: i32;
/** Pin that switches the screen's supply, or -1, and the level that switches it on. */
// @ts-ignore: decorator
@external("config", "screenPower") export declare const screenPower: i32;
// @ts-ignore: decorator
@external("config", "screenPowerOn") export declare const screenPowerOn: i32;
/** 1: the glass is mounted upside down. */
// @ts-ignore: decorator
@external("config", "screenFlip") export declare const screenFlip: i32;

/** Two words, then QUEUE_BYTES of text on its way to the screen (queue.ts). */
// @ts-ignore: decorator
@external("config", "screenQueue") export declare const screenQueue: usize;
/** u8 (page, column), bit 0 on top, then what of it the screen has not got (canvas.ts). Starts as the splash. */
// @ts-ignore: decorator
@external("config", "screenPicture") export declare const screenPicture: usize;
/** u8 (glyph, 8): width and columns; then the code points of the glyphs beyond ASCII (font.ts). */
// @ts-ignore: decorator
@external("config", "screenFont") export declare const screenFont: usize;
// @ts-ignore: decorator
@external("config", "screenGlyphs") export declare const screenGlyphs: i32;
