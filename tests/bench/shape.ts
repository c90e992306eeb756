/** Connections × requests in flight on each. */
export interface Shape {
  readonly connections: number;
  readonly inFlight: number;
}

export function shapeName(shape: Shape): string {
  return `${shape.connections}x${shape.inFlight}`;
}

/** @returns undefined where the text is not like `500x16`. */
export function parseShape(text: string): Shape | undefined {
  const match = /^([1-9]\d{0,4})x([1-9]\d{0,3})$/.exec(text);
  return match === null ? undefined : { connections: Number(match[1]), inFlight: Number(match[2]) };
}
