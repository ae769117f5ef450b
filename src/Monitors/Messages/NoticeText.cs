using Apm.Core.Hosts;
using Apm.Core.Monitors;

namespace Apm.Monitors.Messages;

/// <summary>Everything that is said of one transition, rendered once for all who are told.</summary>
public sealed class NoticeText
{
    readonly AlertLinks _links;

    /// <param name="findHost">What is known of a host of that name; null for nothing.</param>
    public NoticeText(AlertTransition transition, AlertLinks links, Func<string, HostInfo?> findHost)
    {
        (Transition, _links) = (transition, links);
        Message = MessageRenderer.Render(new MessageValues(transition, findHost));
        Priority = Message.Priority ?? transition.Rule.Priority;
        Preset = NotificationPreset.Of(transition.Rule.Options.NotificationPreset);
        Sentence = AlertSentence.Of(transition);
    }

    public AlertTransition Transition { get; }

    /// <summary>The rule's message, filled in.</summary>
    public RenderedMessage Message { get; }

    /// <summary>1 to 5; null for none.</summary>
    public int? Priority { get; }

    public NotificationPreset Preset { get; }

    /// <summary>What happened, in Markdown.</summary>
    public string Sentence { get; }

    public string Title => AlertWords.TitleOf(Transition, Priority);

    public string Subject => AlertWords.SubjectOf(Transition, Priority);

    /// <summary>Who is told.</summary>
    public IReadOnlyList<Mention> Mentioned() => Mentions.Of(Message);

    /// <summary>The message as it is shown, in Markdown.</summary>
    public string ShownMessage() => (Preset.HasHandles ? Message : Mentions.Without(Message)).ToMarkdown().Trim();

    /// <summary>The message as it is shown, in plain text.</summary>
    public string PlainMessage() => MarkdownText.ToPlain((Preset.HasHandles ? Message : Mentions.Without(Message)).Text);

    /// <summary>Why data is missing, who tried it out, when it last triggered: sentences in Markdown, in their order.</summary>
    public IReadOnlyList<string> Facts()
    {
        var facts = new List<string>();
        if (Transition.IsTest) facts.Add($"This is a test of the monitor{(Transition.Rule.Creator.Length > 0 ? $", made by {Transition.Rule.Creator}" : "")}; nothing happened.");
        if (Preset.HasQuery) facts.Add(Sentence);
        if (Transition.MissingReason.Length > 0) facts.Add($"Why: {Transition.MissingReason}");
        if (Preset.HasFooter && Transition.LastTriggeredUnixSeconds is { } last)
        {
            var ago = Transition.To == MonitorState.Ok || Transition.IsRepeat ? $" (**{ValueText.Span(Math.Max(0, Transition.AtUnixSeconds - last))} ago**)" : "";
            facts.Add($"The monitor was last triggered at {ValueText.Time(last)}{ago}.");
        }
        return facts;
    }

    /// <summary>Links with their words; none when the preset hides the footer.</summary>
    public IReadOnlyList<(string Words, string Url)> Links() => Preset.HasFooter ? _links.Of(Transition) : [];

    public string StatusUrl => _links.Status(Transition);

    /// <summary>The text of the event in the stream: Markdown between lines of percent signs, cut to what an event may hold.</summary>
    /// <param name="maxChars">Most characters.</param>
    public string EventText(int maxChars)
    {
        var body = string.Join("\n\n", [ShownMessage(), .. Facts(), .. Links().Count > 0 ? ["- - -\n\n" + string.Join(" · ", Links().Select(link => $"[{link.Words}]({link.Url})"))] : Array.Empty<string>()]).Trim();
        var room = maxChars - 8;
        return $"%%%\n{(body.Length <= room ? body : body[..(room - 1)] + "…")}\n%%%";
    }
}
