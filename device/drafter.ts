/** The model that guesses (draft.ts), as the large model's program sees it. */

// @ts-ignore: decorator
@external("draft", "follow") export declare function follow(token: i32, position: i32): void;
// @ts-ignore: decorator
@external("draft", "next") export declare function next(token: i32, position: i32): i32;
