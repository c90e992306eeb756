/**
 * Lets so many actions be under way at once. The others wait, and begin in the order in which they came.
 */
export class Turns {
  private underWay = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly underWayMax: number) {}

  async take<Result>(act: () => Promise<Result>): Promise<Result> {
    if (this.underWay === this.underWayMax) {
      // Whose turn it is takes the place of who has ended: nobody who comes later can come between.
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    } else this.underWay += 1;
    try {
      return await act();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.underWay -= 1;
      else next();
    }
  }
}
