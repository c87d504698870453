/** The model that guesses (draft.ts), as the large model's program sees it. */

// @ts-ignore: decorator
@external("draft", "share") export declare function share(core: i32, token: i32, position: i32, scored: bool, temperature: f32, penalty: f32): void;
// @ts-ignore: decorator
@external("draft", "next") export declare function next(temperature: f32, topp: f32, topk: f32, minp: f32, chance: u32): i32;
