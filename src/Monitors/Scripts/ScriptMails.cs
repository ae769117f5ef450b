using System.Globalization;
using Apm.Monitors.Messages;
using Apm.Monitors.Notify;

namespace Apm.Monitors.Scripts;

/// <summary>What goes out to one receiver at once: one notice, or several in one.</summary>
sealed record ScriptMail(long AtUnixSeconds, string Handle, string Monitor, List<ScriptNotice> Notices);

/// <summary>Bundles what was told as deliveries are bundled, so that a script can say how many mails come of it.</summary>
sealed class ScriptMails
{
    readonly BurstRule _bursts = new();
    readonly List<ScriptMail> _all = [];

    public IReadOnlyList<ScriptMail> All => _all;

    public void Enter(ScriptNotice notice)
    {
        var transition = notice.Transition;
        foreach (var mention in notice.Text.Mentioned().Take(Mentions.MaxMentions).Where(mention => mention.Kind != MentionKind.Other))
        {
            var by = AlertTeller.BundleKey(transition);
            var key = $"{transition.Rule.Id}|{notice.Kind}|{mention.Kind}|{mention.Target}|{by}";
            var burst = _bursts.Enter(key, DateTimeOffset.FromUnixTimeSeconds(notice.AtUnixSeconds), isBundledFromTheFirst: by is not null);
            if (burst is { BundleId.Length: > 0 })
            {
                _all[int.Parse(burst.BundleId, CultureInfo.InvariantCulture)].Notices.Add(notice);
                continue;
            }
            if (burst is not null) burst.BundleId = _all.Count.ToString(CultureInfo.InvariantCulture);
            _all.Add(new ScriptMail(notice.AtUnixSeconds, mention.Handle.TrimStart('@'), transition.Rule.Name, [notice]));
        }
    }
}

/// <summary>A line of an <c>expect</c> that counts mails: <c>9m 3 mails to you@example.com of My monitor</c>.</summary>
static class ScriptMailCount
{
    /// <summary>Whether a line is one.</summary>
    public static bool Is(ScriptText line) => line.Words is [_, _, "mail" or "mails", ..];

    /// <exception cref="MonitorScriptException">It is none after all.</exception>
    public static MonitorScriptCheck Check(ScriptText line, ScriptWorld world)
    {
        var words = line.Words;
        var at = world.TimeOf(line.At(0), words[0]);
        if (!int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)) throw new MonitorScriptException(line.At(1), $"\"{words[1]}\" is no number of mails. Write: 9m 3 mails to you@example.com");
        if (words.Length < 5 || words[3] != "to" || (words.Length > 5 && words[5] != "of")) throw new MonitorScriptException(line.At(3), "Here stands to whom. Write: 9m 3 mails to you@example.com, and behind it, with several monitors: of MONITOR");
        var monitor = words.Length > 6 ? line.After(6) : null;
        var sent = world.Mails.Where(mail => mail.AtUnixSeconds == at && mail.Handle.Equals(words[4].TrimStart('@'), StringComparison.OrdinalIgnoreCase) && (monitor is null || mail.Monitor == monitor)).ToList();
        var problem = sent.Count == count ? "" : sent.Count == 0 ? "there is none" : $"there {(sent.Count == 1 ? "is 1" : $"are {sent.Count}")}: {string.Join("; ", sent.Select(Describe))}";
        return new MonitorScriptCheck(line.At(0), line.Text.Trim(), problem);
    }

    static string Describe(ScriptMail mail) => mail.Notices.Count == 1 ? mail.Notices[0].Text.Title : $"{mail.Notices[0].Text.Title} and {mail.Notices.Count - 1} more in one";
}
