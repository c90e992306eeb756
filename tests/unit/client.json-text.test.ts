/** Goal: JSON handled as text keeps the order of names and is written as Python's json.dumps writes it. */
import fc from 'fast-check';
import { objectMembers, pythonStyle } from '../../client/json-text';

describe('the members of an object', () => {
  test('keep the order of the text, also where JavaScript objects would not', () => {
    expect(objectMembers('{"zeta": [1], "7": [2], "10": {"a": "}"}}')).toEqual([
      ['zeta', '[1]'],
      ['7', '[2]'],
      ['10', '{"a": "}"}'],
    ]);
  });

  test('of an empty object are none', () => {
    expect(objectMembers(' { } ')).toEqual([]);
  });

  test('may have any name', () => {
    expect(objectMembers('{"__proto__":1,"a\\"b":"x","":null}')).toEqual([
      ['__proto__', '1'],
      ['a"b', '"x"'],
      ['', 'null'],
    ]);
  });

  test('are the same as JSON.parse finds, whatever the object and its spacing', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom('', ' ', '\t'),
        (object, spacing) => {
          const members = objectMembers(JSON.stringify(object, null, spacing));
          const rebuilt = members.map(([name, valueText]) => [name, JSON.parse(valueText) as unknown]);
          expect(rebuilt).toEqual(Object.entries(JSON.parse(JSON.stringify(object)) as object));
        },
      ),
    );
  });
});

describe('Python style', () => {
  test('has a space after commas and colons and nowhere else, and is ASCII', () => {
    expect(pythonStyle('{"a":[1,2 , -3.5e2],\t"b":{"c":"é😀\\u001b\\/:,"},"d":true}')).toBe(
      '{"a": [1, 2, -3.5e2], "b": {"c": "\\u00e9\\ud83d\\ude00\\u001b/:,"}, "d": true}',
    );
  });

  test('leaves a text that is in it already as it is', () => {
    const seed =
      '{"lineker": [{"msg_from": "Gary Lineker", "msg_to": "Lionel Messi", "msg": " anjay \\r\\n"}]}';
    expect(pythonStyle(seed)).toBe(seed);
  });

  test('changes nothing of the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(pythonStyle(text))).toEqual(JSON.parse(text));
        expect(pythonStyle(text)).toMatch(/^[ -~]*$/);
      }),
    );
  });

  test('takes a string as long as a reply can be', () => {
    const text = JSON.stringify('\\"'.repeat(250_000));
    expect(pythonStyle(text)).toBe(text);
  });
});
