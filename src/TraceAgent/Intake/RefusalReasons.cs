using Apm.Core;
using Apm.Core.Ports;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Intake;

/// <summary>The word under which a refusal stands in the ledger and in <c>payloads_rejected</c>.</summary>
public static class RefusalReasons
{
    /// <summary>Something stood behind a payload in the same body: the payload is kept, the rest was not read.</summary>
    public const string BehindThePayload = "behind_the_payload";

    /// <summary>The word for a failure; <c>internal_fault</c> for what no rule foresaw.</summary>
    public static string Of(Exception problem) => problem switch
    {
        PayloadException => "undecodable",
        BodyTooLargeException => "too_large",
        OverloadedException overloaded => overloaded.Reason,
        StoreUnavailableException unavailable => unavailable.Reason,
        SlowBodyException => "timeout",
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => "timeout",
        BadHttpRequestException or IOException => "broken_request",
        OperationCanceledException => "client_went_away",
        _ => "internal_fault",
    };
}
