/** The page's one thread in short turns: what takes long is done in pieces, and what somebody does in between is answered. */

/** Lets the browser draw, and handle what has happened meanwhile. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
