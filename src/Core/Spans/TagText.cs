using System.Buffers;
using System.Globalization;
using System.Text;

namespace Apm.Core.Spans;

/// <summary>
/// The rule by which tags and their values are brought into one form (trace-intake §2.5), on UTF-8 bytes: lower case; runs of what is
/// neither letter, digit nor one of <c>: . / -</c> become one underscore, none at the end.
/// </summary>
/// <remarks>Allocates once per text; <see cref="IsPlainValue"/> tells the common case without decoding.</remarks>
public static class TagText
{
    /// <summary>Longest tag or tag value after the rule, characters.</summary>
    public const int MaxCharacters = 200;

    /// <summary>No character is read that ends at or behind this byte.</summary>
    public const int MaxInputBytes = 400;

    /// <summary>Tag rule: starts with a letter or a colon, everything else before it is dropped.</summary>
    public static byte[] Tag(ReadOnlySpan<byte> input) => TagLike(input, trimStart: true);

    /// <summary>Value rule, for env, service, peer.service: may start with a digit; a leading illegal run becomes one underscore.</summary>
    public static byte[] Value(ReadOnlySpan<byte> input) => TagLike(input, trimStart: false);

    static readonly SearchValues<byte> PlainBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789:./-"u8);

    /// <summary>Whether the value rule leaves a text as it is, seen without decoding: the common case.</summary>
    public static bool IsPlainValue(ReadOnlySpan<byte> input) => input.Length <= MaxCharacters && !input.ContainsAnyExcept(PlainBytes);

    static byte[] TagLike(ReadOnlySpan<byte> input, bool trimStart)
    {
        var output = new byte[Math.Min(input.Length, MaxInputBytes) + 4];
        var length = 0;
        var characters = 0;
        var pendingUnderscore = false;
        for (var at = 0; at < input.Length;)
        {
            var isValid = Rune.DecodeFromUtf8(input[at..], out var rune, out var width) == OperationStatus.Done;
            if (!isValid)
            {
                rune = Rune.ReplacementChar;
                width = 1; // Each undecodable byte is one illegal character.
            }
            var legal = isValid ? LegalForm(rune) : default(Rune?);
            if (trimStart && length == 0 && (legal is not { } first || !(IsLetter(first) || first.Value == ':')))
            {
                at += width;
                continue; // Before the first letter or colon nothing is kept or counted.
            }
            characters++;
            if (legal is { } kept)
            {
                if (pendingUnderscore)
                {
                    output[length++] = (byte)'_';
                    pendingUnderscore = false;
                }
                length += kept.EncodeToUtf8(output.AsSpan(length));
            }
            else pendingUnderscore = true;
            at += width;
            if (characters >= MaxCharacters || at >= MaxInputBytes) break;
        }
        return output.AsSpan(0, length).ToArray(); // A pending underscore touches the end and is gone.
    }

    /// <summary>The character as it is kept; null when it is illegal. An underscore is illegal and comes back as the run's one.</summary>
    static Rune? LegalForm(Rune rune)
    {
        if (rune.IsAscii)
        {
            var c = (char)rune.Value;
            if (char.IsAsciiLetterUpper(c)) return new Rune(char.ToLowerInvariant(c));
            return char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is ':' or '.' or '/' or '-' ? rune : null;
        }
        if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.UppercaseLetter)
        {
            var lower = Rune.ToLowerInvariant(rune);
            if (lower.Utf8SequenceLength == rune.Utf8SequenceLength) rune = lower;
        }
        return IsLetter(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber ? rune : null;
    }

    static bool IsLetter(Rune rune) => Rune.IsLetter(rune);
}
