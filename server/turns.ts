/**
 * Lets so many actions be under way at once. The others wait, and begin in the order in which they came.
 */
export class Turns {
  private underWay = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly underWayMax: number) {}

  async take<Result>(act: () => Promise<Result>): Promise<Result> {
    if (this.underWay === this.underWayMax) {
      // The next in line takes the place of the one that has ended: nothing that comes later can get in between.
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
