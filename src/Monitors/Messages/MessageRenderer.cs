using System.Globalization;
using System.Text;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;

namespace Apm.Monitors.Messages;

/// <summary>Fills a template in for one transition (metrics-monitors §7.1–7.3). Never fails.</summary>
public static class MessageRenderer
{
    /// <summary>Longest message that is sent, in characters. The rest is cut, and the message says so.</summary>
    public const int MaxChars = 100_000;

    /// <summary>The priority of <c>P1</c> to <c>P5</c>; null for anything else.</summary>
    public static int? PriorityOf(string text) => text.Length == 2 && text[0] is 'P' or 'p' && text.Length == 2 && text[1] is >= '1' and <= '5' ? text[1] - '0' : null;

    /// <summary>The message of a transition: the rule's own, or what it says in repeats.</summary>
    public static RenderedMessage Render(MessageValues values)
    {
        var transition = values.Transition;
        var options = transition.Rule.Options;
        return Render(MessageTemplate.Parse(transition.IsRepeat && options.EscalationMessage.Length > 0 ? options.EscalationMessage : transition.Rule.Message), values);
    }

    /// <summary>A template filled in.</summary>
    public static RenderedMessage Render(MessageTemplate template, MessageValues values)
    {
        var run = new Run(values);
        run.Write(template.Nodes);
        return run.Result();
    }

    sealed class Run(MessageValues values)
    {
        readonly StringBuilder _text = new();
        readonly List<(int Start, int Length)> _values = [];
        int? _priority;

        public void Write(IReadOnlyList<TemplateNode> nodes)
        {
            foreach (var node in nodes)
            {
                if (_text.Length > MaxChars) return;
                switch (node)
                {
                    case TextNode text: _text.Append(text.Text); break;
                    case VariableNode variable: Put(values.Text(variable.Name)); break;
                    case EvalNode eval: Put(EvalExpression.Evaluate(eval.Expression, values.Number)); break;
                    case LocalTimeNode local: Put(LocalTime(local)); break;
                    case PriorityNode priority: _priority = priority.Priority; break;
                    case BlockNode block: Write(Holds(block) != block.IsNegated ? block.Then : block.Else); break;
                }
            }
        }

        public RenderedMessage Result()
        {
            if (_text.Length <= MaxChars) return new RenderedMessage(_text.ToString(), _values, _priority);
            _text.Length = MaxChars;
            var kept = _values.Where(value => value.Start + value.Length <= MaxChars).ToList();
            return new RenderedMessage(_text.Append(CultureInfo.InvariantCulture, $"\n\n(The message is longer than {MaxChars} characters; the rest is cut.)").ToString(), kept, _priority);
        }

        void Put(string value)
        {
            if (value.Length == 0) return;
            _values.Add((_text.Length, value.Length));
            _text.Append(value);
        }

        string LocalTime(LocalTimeNode local)
        {
            if (values.Time(local.Variable) is not { } time) return "";
            var at = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(time), WallClock.FindZone(local.Zone) ?? TimeZoneInfo.Utc);
            return at.ToString("yyyy-MM-dd HH:mm:sszzz", CultureInfo.InvariantCulture);
        }

        bool Holds(BlockNode block)
        {
            var (from, to) = (values.Transition.From, values.Transition.To);
            return block.Name switch
            {
                "is_alert" => to == MonitorState.Alert,
                "is_warning" => to == MonitorState.Warn,
                "is_no_data" => to == MonitorState.NoData,
                "is_unknown" => to == MonitorState.Unknown,
                "is_recovery" => to == MonitorState.Ok,
                "is_alert_recovery" => to == MonitorState.Ok && from == MonitorState.Alert,
                "is_warning_recovery" => to == MonitorState.Ok && from == MonitorState.Warn,
                "is_no_data_recovery" => to == MonitorState.Ok && from == MonitorState.NoData,
                "is_alert_to_warning" => to == MonitorState.Warn && from == MonitorState.Alert,
                "is_renotify" => values.Transition.IsRepeat,
                "is_priority" => block.Arguments.Count > 0 && PriorityOf(block.Arguments[0]) is { } wanted && wanted == (_priority ?? values.Transition.Rule.Priority),
                "is_match" => Compares(block, static (value, text) => text.Length == 0 ? value.Length == 0 : value.Contains(text, StringComparison.Ordinal)),
                "is_exact_match" => Compares(block, static (value, text) => value == text) || EqualsNumber(block),
                _ => values.Text(block.Name).Length > 0,
            };
        }

        bool Compares(BlockNode block, Func<string, string, bool> fits)
        {
            if (block.Arguments.Count < 2) return false;
            var value = values.Text(NameOf(block));
            return block.Arguments.Skip(1).Any(text => fits(value, text));
        }

        /// <summary>The value 5 is 5 and 5.0.</summary>
        bool EqualsNumber(BlockNode block) =>
            block.Arguments.Count > 1 && values.Text(NameOf(block)).Length > 0 && values.Number(NameOf(block)) is { } number
            && block.Arguments.Skip(1).Any(text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var wanted) && ValueText.Of(wanted) == ValueText.Of(number));

        static string NameOf(BlockNode block) => block.Arguments[0].Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);
    }
}
