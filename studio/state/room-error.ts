/** What a room says in one sentence for people; other errors are faults of this program. */
export class RoomError extends Error {
  readonly isOurs: boolean;
  constructor(message: string, isOurs: boolean) {
    super(message);
    this.isOurs = isOurs;
  }
}
