/** Goal: whatever is appended, synced, trimmed and opened again, in any order, the journal on real files, and a reader
 * that follows it, hold what a plain list holds. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { SegmentLog } from '../../shared/journal/segment-log';
import { SegmentReader } from '../../shared/journal/segment-reader';
import { JournalHistory } from '../support/journal-history';

type Step =
  | { readonly kind: 'append'; readonly wordCount: number }
  | { readonly kind: 'sync' }
  | { readonly kind: 'follow' }
  | { readonly kind: 'trim'; readonly share: number }
  | { readonly kind: 'readFrom'; readonly share: number }
  | { readonly kind: 'reopen'; readonly segmentBytes: number };

const share = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      wordCount: fc.integer({ min: 1, max: 120 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('sync' as const, 'follow' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('trim' as const, 'readFrom' as const), share }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reopen' as const),
      segmentBytes: fc.constantFrom(256, 600, 2048),
    }),
  },
);

class Run {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'benang-journal-'));
  private readonly history = new JournalHistory();
  private readonly reader = new SegmentReader(this.folder);
  private log = SegmentLog.open(this.folder, { segmentBytes: 256 });
  private followed = '';
  private followedPosition = 0;

  take(next: Step): void {
    const { log, history } = this;
    if (next.kind === 'append') history.append(log, next.wordCount);
    else if (next.kind === 'sync') history.sync(log);
    else if (next.kind === 'follow') this.follow();
    else if (next.kind === 'readFrom') this.readFrom(this.boundary(next.share));
    else if (next.kind === 'trim') {
      // The follower has let go of what is trimmed.
      this.follow();
      history.trim(log, this.boundary(next.share));
    } else {
      log.close();
      this.log = SegmentLog.open(this.folder, { segmentBytes: next.segmentBytes });
      expect(history.compare(this.log)).toEqual([]);
    }
    expect(this.log.endPosition).toBe(history.endPosition);
    expect(this.log.syncedPosition).toBeGreaterThanOrEqual(history.syncedPosition);
    expect(this.log.firstPosition).toBeLessThanOrEqual(history.trimmedPosition);
  }

  end(): void {
    this.follow();
    const all = this.history.appended.filter(({ position }) => position < this.log.syncedPosition);
    expect(this.followed).toBe(all.map(({ words }) => words.join()).join());
    expect(readdirSync(this.folder).filter((name) => name.startsWith('spare-')).length).toBeLessThanOrEqual(
      2,
    );
    this.log.close();
    this.reader.close();
    rmSync(this.folder, { recursive: true });
  }

  private follow(): void {
    const parts = this.followed === '' ? [] : [this.followed];
    this.reader.read(this.followedPosition, this.log.syncedPosition, (payload, position) => {
      expect(position).toBe(this.followedPosition);
      this.followedPosition += payload.length;
      parts.push(payload.join());
    });
    expect(this.followedPosition).toBe(this.log.syncedPosition);
    this.followed = parts.join();
  }

  /** A record's end within a payload is as good as the payload's: any position will do here. */
  private boundary(of: number): number {
    return Math.floor(
      this.history.trimmedPosition + of * (this.log.syncedPosition - this.history.trimmedPosition),
    );
  }

  private readFrom(from: number): void {
    const read: number[] = [];
    this.log.read(from, (payload, position) => {
      expect(position).toBe(from + read.length);
      read.push(...payload);
    });
    const words = this.history.appended.flatMap((each) => [...each.words]);
    expect(read).toEqual(words.slice(from));
  }
}

test('a journal on real files is the list of what was appended', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const run = new Run();
      for (const next of steps) run.take(next);
      run.end();
    }),
    { numRuns: 60 },
  );
});
