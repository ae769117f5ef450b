using Apm.Core.Diagnosis;

namespace Apm.Doctor.Rules;

/// <summary>TD15: a proxy variable takes what was meant for this machine elsewhere.</summary>
sealed class ProxyInBetween : IFaultRule
{
    static readonly string[] ProxyNames = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

    public string Code => "TD15";

    public Verdict? Judge(Facts facts)
    {
        if (facts.Launcher is not { Answer: AgentAnswerKind.Agent } launcher || !Who.IsUnheardOf(facts) || !Uri.TryCreate(launcher.AgentUrl, UriKind.Absolute, out var url)) return null;
        if (Array.Find(ProxyNames, name => Who.Variable(facts, name).Length > 0) is not { } proxy) return null;
        var except = (Who.Variable(facts, "NO_PROXY") + "," + Who.Variable(facts, "no_proxy")).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (except.Any(entry => entry == "*" || url.Host.EndsWith(entry.TrimStart('.'), StringComparison.OrdinalIgnoreCase))) return null;
        return new Verdict
        {
            Code = Code,
            Stage = WayStage.Socket,
            Sentence = $"{proxy} sends what the app sends to {url.Host} through the proxy {Who.Variable(facts, proxy)}, so it does not reach the agent. Name {url.Host} in NO_PROXY.",
            Evidence = [$"{proxy}={Who.Variable(facts, proxy)}, and NO_PROXY does not name {url.Host}.", $"Asked without a proxy, {launcher.AgentUrl} answers as a trace agent; of the app nothing has come in {Say.Seconds(launcher.ElapsedSeconds)}."],
            Fix = $"export NO_PROXY={string.Join(',', except.Append(url.Host).Distinct())}",
        };
    }
}
