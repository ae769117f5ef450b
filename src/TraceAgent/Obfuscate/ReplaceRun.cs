using System.Globalization;
using System.Text;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>The rules of <c>replace_tags</c> over one batch (trace-intake §5.7); each text goes through the same rules once.</summary>
/// <remarks>One thread, one batch.</remarks>
sealed class ReplaceRun(SpanBatch batch, IReadOnlyList<ReplaceRule> rules, int maxBytes)
{
    readonly Dictionary<string, RuleSet> _sets = [];
    readonly Dictionary<int, RuleSet> _setOfKey = [];
    readonly RuleSet _resourceRules = new([.. rules.Where(rule => rule.Name is ReplaceRule.ResourceName or ReplaceRule.AnyName)]);

    /// <summary>The rules for some keys, and what texts became under them.</summary>
    sealed record RuleSet(ReplaceRule[] Rules)
    {
        public Dictionary<int, int> Known { get; } = [];
    }

    /// <summary>Applies the rules to one span's resource, tags, numbers and events.</summary>
    public void Apply(int span)
    {
        batch.Resources[span] = Replaced(batch.Resources[span], _resourceRules);
        var tags = batch.Tags;
        for (var t = tags.Starts[span]; t < tags.Starts[span] + tags.Counts[span]; t++)
        {
            var key = tags.Keys[t];
            var isEvents = batch.Strings.Utf8(key).SequenceEqual("events"u8);
            tags.Values[t] = isEvents ? ReplacedEvents(tags.Values[t]) : Replaced(tags.Values[t], SetOf(key));
        }
        ReplaceNumbers(span);
    }

    /// <summary>A number is replaced as text; what is no longer one becomes a text tag.</summary>
    void ReplaceNumbers(int span)
    {
        var numbers = batch.Numbers;
        for (var t = numbers.Starts[span] + numbers.Counts[span] - 1; t >= numbers.Starts[span]; t--)
        {
            var (key, set) = (numbers.Keys[t], SetOf(numbers.Keys[t]));
            if (set.Rules.Length == 0) continue;
            var before = numbers.Values[t].ToString(CultureInfo.InvariantCulture);
            var after = ReplacedText(before, set);
            if (after == before) continue;
            if (double.TryParse(after, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) numbers.Values[t] = number;
            else
            {
                numbers.Remove(span, key);
                batch.Tags.Set(span, key, batch.Strings.Intern(Cut(after)));
            }
        }
    }

    int Replaced(int text, RuleSet set)
    {
        if (set.Rules.Length == 0 || text == 0) return text;
        if (set.Known.TryGetValue(text, out var known)) return known;
        var before = batch.Strings.Text(text);
        var after = ReplacedText(before, set);
        return set.Known[text] = after == before ? text : batch.Strings.Intern(Cut(after));
    }

    int ReplacedEvents(int events)
    {
        var rewritten = SpanEventsRewriter.Rewrite(batch.Strings.Utf8(events), (key, value) => ReplacedText(value, SetOf(key)));
        return rewritten is null ? events : batch.Strings.Intern(rewritten);
    }

    string ReplacedText(string text, RuleSet set)
    {
        foreach (var rule in set.Rules) text = rule.Apply(text, maxBytes);
        return text;
    }

    byte[] Cut(string text)
    {
        var cut = new BoundedText(maxBytes);
        cut.Append(Encoding.UTF8.GetBytes(text));
        return cut.Written.ToArray();
    }

    RuleSet SetOf(int key)
    {
        if (!_setOfKey.TryGetValue(key, out var set)) _setOfKey[key] = set = SetOf(batch.Strings.Text(key));
        return set;
    }

    RuleSet SetOf(string key)
    {
        var applying = rules.Where(rule => rule.Name == key || (rule.Name == ReplaceRule.AnyName && !key.StartsWith('_'))).ToArray();
        var name = string.Join(' ', applying.Select(rule => rules.ToList().IndexOf(rule)));
        if (!_sets.TryGetValue(name, out var set)) _sets[name] = set = new RuleSet(applying);
        return set;
    }
}
