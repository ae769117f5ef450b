namespace Apm.Core.Checks;

/// <summary>What a check found. The numbers are those of the wire and of exit codes.</summary>
public enum CheckStatus
{
    Ok = 0,
    Warning = 1,
    Critical = 2,
    Unknown = 3,
}

/// <summary>One answer of a service check (metrics-monitors §2.5, §4.5).</summary>
/// <param name="Check">Such as <c>mysql.can_connect</c>.</param>
/// <param name="UnixSeconds">When it was found.</param>
/// <param name="Host">"" for none.</param>
/// <param name="Tags">Normalised.</param>
/// <param name="Message">"" for none.</param>
public sealed record ServiceCheckRun(string Check, CheckStatus Status, long UnixSeconds, string Host, IReadOnlyList<string> Tags, string Message);
