using System.Text;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>Redis and Valkey commands: their names alone for a resource, their values hidden in the raw command (trace-intake §5.3).</summary>
static class RedisObfuscator
{
    /// <summary>Commands that a resource names before it ends in <c>...</c>.</summary>
    const int MaxQuantizedCommands = 3;

    /// <summary>Arguments of one command that are looked at; the rest become one <c>?</c>. Far beyond what tracers send.</summary>
    const int MaxArguments = 4_096;

    /// <summary>How a tracer ends a text that it cut.</summary>
    static ReadOnlySpan<byte> CutMark => "..."u8;

    /// <summary>Writes the names of the commands, one per line of the text, in capitals.</summary>
    public static void Quantize(ReadOnlySpan<byte> commands, BoundedText output)
    {
        output.Clear();
        var (written, isCut) = (0, false);
        while (commands.Length > 0 && written < MaxQuantizedCommands)
        {
            var end = commands.IndexOf((byte)'\n');
            var line = end < 0 ? commands : commands[..end];
            commands = end < 0 ? [] : commands[(end + 1)..];
            var name = NextWord(ref line);
            if (name.IsEmpty) continue;
            var second = IsCompound(name) ? NextWord(ref line) : [];
            isCut = name.EndsWith(CutMark) || second.EndsWith(CutMark);
            if (isCut) continue;
            if (output.Length > 0) output.Append((byte)' ');
            AppendUpper(name, output);
            if (second.Length > 0)
            {
                output.Append((byte)' ');
                AppendUpper(second, output);
            }
            written++;
        }
        if (written < MaxQuantizedCommands && !isCut) return;
        if (output.Length > 0) output.Append((byte)' ');
        output.Append(CutMark);
    }

    /// <summary>Writes the commands with <c>?</c> in place of what they store; with <paramref name="removeAllArguments"/> in place of keys as well.</summary>
    public static void Obfuscate(ReadOnlySpan<byte> commands, bool removeAllArguments, BoundedText output)
    {
        output.Clear();
        var arguments = new List<Range>();
        while (commands.Length > 0)
        {
            var line = TakeCommand(ref commands, arguments);
            if (arguments.Count == 0) continue;
            if (output.Length > 0) output.Append((byte)'\n');
            var name = line[arguments[0]];
            output.Append(name);
            if (arguments.Count == 1) continue;
            if (removeAllArguments) WriteWithoutArguments(line, name, arguments, output);
            else WriteWithoutValues(line, name, arguments, output);
        }
    }

    static void WriteWithoutValues(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, List<Range> arguments, BoundedText output)
    {
        var rule = RuleOf(name);
        var firstOption = rule == Rule.ZAdd ? ZAddScores(line, arguments) : 0;
        var setAt = 0;
        for (var i = 1; i < arguments.Count; i++)
        {
            var argument = line[arguments[i]];
            if (rule == Rule.BitField && Is(argument, "SET"u8)) setAt = i;
            var isValue = rule switch
            {
                Rule.All => true,
                Rule.Second => i == 2,
                Rule.Third => i == 3,
                Rule.Fourth => i == 4,
                Rule.AfterKey => i > 1,
                Rule.EveryThirdAfterKey => i > 1 && (i - 1) % 3 == 0,
                Rule.EverySecondAfterKey => i > 1 && (i - 1) % 2 == 0,
                Rule.EverySecond => i % 2 == 0,
                Rule.Config => i == 3 && Is(line[arguments[1]], "SET"u8),
                Rule.BitField => setAt > 0 && i == setAt + 3,
                Rule.ZAdd => i >= firstOption && (i - firstOption) % 2 == 1,
                _ => false,
            };
            output.Append((byte)' ');
            output.Append(isValue || i >= MaxArguments ? "?"u8 : argument);
            if (isValue && rule is Rule.All or Rule.AfterKey || i >= MaxArguments) return; // One mark for all that follow.
        }
    }

    /// <summary>Sub-commands stay, as they are no data.</summary>
    static void WriteWithoutArguments(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, List<Range> arguments, BoundedText output)
    {
        if (Is(name, "BITFIELD"u8))
        {
            output.Append(" ?"u8);
            for (var i = 2; i < arguments.Count; i++)
            {
                var word = line[arguments[i]];
                if (!Is(word, "SET"u8) && !Is(word, "GET"u8) && !Is(word, "INCRBY"u8)) continue;
                output.Append((byte)' ');
                output.Append(word);
                output.Append(" ?"u8);
            }
            return;
        }
        if (Is(name, "CONFIG"u8) && line[arguments[1]] is var sub && (Is(sub, "GET"u8) || Is(sub, "SET"u8) || Is(sub, "RESETSTAT"u8) || Is(sub, "REWRITE"u8)))
        {
            output.Append((byte)' ');
            output.Append(sub);
            if (arguments.Count == 2) return;
        }
        output.Append(" ?"u8);
    }

    /// <summary>Where the scores of ZADD begin: behind the key and the options.</summary>
    static int ZAddScores(ReadOnlySpan<byte> line, List<Range> arguments)
    {
        var i = 2;
        while (i < arguments.Count && line[arguments[i]] is var word
            && (Is(word, "NX"u8) || Is(word, "XX"u8) || Is(word, "GT"u8) || Is(word, "LT"u8) || Is(word, "CH"u8) || Is(word, "INCR"u8))) i++;
        return i;
    }

    enum Rule
    {
        None,
        All,
        Second,
        Third,
        Fourth,
        AfterKey,
        EveryThirdAfterKey,
        EverySecondAfterKey,
        EverySecond,
        Config,
        BitField,
        ZAdd,
    }

    static Rule RuleOf(ReadOnlySpan<byte> name)
    {
        Span<byte> upper = stackalloc byte[24];
        if (Ascii.ToUpper(name, upper, out var length) != System.Buffers.OperationStatus.Done) return Rule.None;
        return Encoding.ASCII.GetString(upper[..length]) switch
        {
            "AUTH" => Rule.All,
            "APPEND" or "GETSET" or "LPUSHX" or "GEORADIUSBYMEMBER" or "RPUSHX" or "SET" or "SETNX" or "SISMEMBER" or "ZRANK" or "ZREVRANK" or "ZSCORE" => Rule.Second,
            "HSETNX" or "LREM" or "LSET" or "SETBIT" or "SETEX" or "PSETEX" or "SETRANGE" or "ZINCRBY" or "SMOVE" or "RESTORE" => Rule.Third,
            "LINSERT" => Rule.Fourth,
            "GEOHASH" or "GEOPOS" or "GEODIST" or "LPUSH" or "RPUSH" or "SREM" or "ZREM" or "SADD" => Rule.AfterKey,
            "GEOADD" => Rule.EveryThirdAfterKey,
            "HSET" or "HMSET" => Rule.EverySecondAfterKey,
            "MSET" or "MSETNX" => Rule.EverySecond,
            "CONFIG" => Rule.Config,
            "BITFIELD" => Rule.BitField,
            "ZADD" => Rule.ZAdd,
            _ => Rule.None,
        };
    }

    static bool IsCompound(ReadOnlySpan<byte> name) =>
        Is(name, "CLIENT"u8) || Is(name, "CLUSTER"u8) || Is(name, "COMMAND"u8) || Is(name, "CONFIG"u8) || Is(name, "DEBUG"u8) || Is(name, "SCRIPT"u8);

    /// <summary>Splits off one command, which ends at a line's end outside of quotes, and says where its words are.</summary>
    static ReadOnlySpan<byte> TakeCommand(ref ReadOnlySpan<byte> commands, List<Range> words)
    {
        words.Clear();
        var at = 0;
        while (at < commands.Length && commands[at] != '\n')
        {
            if (commands[at] is (byte)' ' or (byte)'\t' or (byte)'\r')
            {
                at++;
                continue;
            }
            var start = at;
            var quoted = commands[at] == '"';
            if (quoted) at++;
            for (; at < commands.Length; at++)
            {
                if (quoted && commands[at] == '\\') at++;
                else if (quoted && commands[at] == '"') quoted = false;
                else if (!quoted && commands[at] is (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r') break;
            }
            at = Math.Min(at, commands.Length);
            if (words.Count <= MaxArguments) words.Add(start..at);
        }
        var line = commands[..at];
        commands = commands[Math.Min(at + 1, commands.Length)..];
        return line;
    }

    static ReadOnlySpan<byte> NextWord(ref ReadOnlySpan<byte> line)
    {
        line = line.TrimStart(" \t\r"u8);
        var end = line.IndexOfAny((byte)' ', (byte)'\t', (byte)'\r');
        var word = end < 0 ? line : line[..end];
        line = line[word.Length..];
        return word;
    }

    static void AppendUpper(ReadOnlySpan<byte> word, BoundedText output)
    {
        foreach (var b in word) output.Append(b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b);
    }

    static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> upper) => Ascii.EqualsIgnoreCase(word, upper);
}
