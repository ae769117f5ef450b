namespace Apm.Core.Ledger;

/// <summary>What the ledger's reasons mean, and what to do about them, in sentences for people.</summary>
/// <remarks>A reason that is not known here (of a newer version's file) is shown as it is written.</remarks>
public static class LedgerReasons
{
    /// <summary>A sentence or two: what happened, and what to do when one does not want it.</summary>
    public static string Sentence(SpanOutcome outcome, string reason) => outcome switch
    {
        SpanOutcome.Stored => Stored(reason),
        SpanOutcome.SampledOut => SampledOut(reason),
        _ => Lost(reason),
    };

    /// <summary>"stored", "sampled out", "rejected", "dropped".</summary>
    public static string Word(SpanOutcome outcome) => outcome switch
    {
        SpanOutcome.Stored => "stored",
        SpanOutcome.SampledOut => "sampled out",
        SpanOutcome.Rejected => "rejected",
        _ => "dropped",
    };

    static string Stored(string verdict) => verdict switch
    {
        "all" => "Everything is kept while the storage budget allows it.",
        "priority" => "The tracer kept the trace, by the rates it was told.",
        "manual" => "The app, or a rule of its tracer, asked to keep the trace.",
        "error" => "The trace has a failed span; those are kept first.",
        "rare" => "The first of its kind for a while.",
        "probabilistic" => "In the share of traces that the probabilistic sampler keeps.",
        "no_priority" => "No sampling priority came with it; kept by the rate of its kind.",
        "span_rule" => "A single-span rule of the tracer asked for these spans.",
        "analyzed" => "These spans are analytics events.",
        "shape" => "The trace is too large to keep whole: its root, errors, critical path and counts are kept.",
        _ => $"Kept ({verdict}).",
    };

    static string SampledOut(string verdict) => verdict switch
    {
        "dropped_by_tracer" => "The tracer had dropped the trace and sent it for its numbers only. To keep such traces, raise the tracer's sample rate.",
        "manual_drop" => "The app, or a rule of its tracer, asked to drop the trace (priority −1). To keep it, change that rule.",
        "priority_drop" => "The tracer dropped the trace by the rates it was told (priority 0). They rise by themselves when there is room; a larger storage budget makes room.",
        "probabilistic_drop" => "Outside of the share that the probabilistic sampler keeps. To keep more, raise sampling_percentage.",
        "no_priority_drop" => "No sampling priority came with it, and it fell outside of the rate of its kind. A larger storage budget makes room.",
        "trace_dropped" => "An earlier part of the same trace had been dropped, so this part was too.",
        "span_rule" => "Only the spans that a single-span rule of the tracer marked were kept; these were the others.",
        "analyzed" => "Only the analytics events of the trace were kept; these were the others.",
        "budget_drop" => "Its tracer kept the trace at a higher rate than the storage budget allows its service. A larger storage budget makes room.",
        "no_error_drop" => "Only traces with an error are kept at present, and no span of this one failed.",
        "folded" or "shape" => "The trace was too large to keep whole; its shape was kept, and these spans are counted in it.",
        _ => $"Left out by sampling ({verdict}).",
    };

    static string Lost(string reason) => reason switch
    {
        "undecodable" => "The bytes are not what their format says. What was wrong, and where, stands in the answer to the sender and among the problems on the first page.",
        "behind_the_payload" => "Something stood behind the payload in the same body, and was not read; the payload was. Send each payload as a request of its own.",
        "too_large" => "The body was larger than Apm takes at once (413). Let the client send smaller batches.",
        "overloaded" => "More came than could be worked off (429); clients that heed it send it again a second later. If it lasts, send less or give Apm more cores.",
        "memory" => "No memory was left in Apm's budget (429); clients that heed it send it again. If it lasts, raise the memory ceiling.",
        "store_unavailable" => "The disk failed or was full, or the log was, because more came than could be stored (503); clients that heed it send it again. The problems on the first page say which.",
        "disk_nearly_full" => "The disk of the data folder is nearly full (503). Free some space or lower the storage budget; it goes on by itself.",
        "invalid_id" => "Spans without a valid trace or span id (OTLP). The answer named them to the exporter; look for a span built by hand.",
        "trace_id_zero" => "Spans whose trace id is zero. Such a span belongs to no trace; look for a span built by hand, or headers that are cut.",
        "span_id_zero" => "A trace with a span whose id is zero. Look for a span built by hand.",
        "foreign_span" => "A trace that held a span of another trace, so that nobody knows which is meant. This is a fault of the client.",
        "broken_request" => "The request broke off, or was not HTTP as it should be.",
        "timeout" => "The body came too slowly (408). Send it at once, or in smaller batches.",
        "client_went_away" => "The client closed the connection before everything had come.",
        "wrong_content_type" => "The content type is not one that this path reads. The answer named those that are.",
        "from_a_web_page" => "A page of another site tried to send spans from a browser. Send them from a program, or through your own server.",
        "ignored_resource" => "The resource of the trace's root is one that the settings ignore (ignore_resources).",
        "filtered_by_tags" => "The tags of the trace's root are such that the settings leave it out (filter_tags).",
        "internal_fault" => "A fault of Apm, told among the problems on the first page. Please report it.",
        "log_record_unreadable" => "A payload in the log could not be read after a restart, as after going back to an older version. Please report it.",
        _ => $"Reason: {reason}.",
    };
}
