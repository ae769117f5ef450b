using System.Text.Json;
using System.Text.Json.Serialization;
using Apm.Core.Counting;

namespace Apm.TraceAgent.Checks.Python;

/// <summary>Makes the instances of checks that are written in Python. Those of one name share a process, as they share a module.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class PythonChecks(PythonSettings settings, TimeProvider clock, Counters counters)
{
    static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    readonly Lock _lock = new();
    readonly Dictionary<string, (PythonProcess Process, int Uses)> _processes = new(StringComparer.Ordinal);

    /// <summary>An instance; nothing is started yet.</summary>
    /// <param name="id">Tells it apart from others of the check.</param>
    /// <param name="file">The program in <c>checks.d</c>; "" for a check that is installed as <c>datadog_checks.NAME</c>.</param>
    /// <param name="revision">Changes with the program, so that an edited one gets a process of its own.</param>
    public ICheck Create(string id, string check, string file, string revision, IReadOnlyDictionary<string, object?> init, IReadOnlyDictionary<string, object?> instance)
    {
        var order = JsonSerializer.Serialize(new Dictionary<string, object?> { ["id"] = id, ["check"] = check, ["file"] = file, ["init"] = init, ["instance"] = instance }, Json);
        var key = $"{check}\n{file}\n{revision}";
        lock (_lock)
        {
            var (process, uses) = _processes.TryGetValue(key, out var known) ? known : (new PythonProcess(check, file, settings, clock, counters), 0);
            _processes[key] = (process, uses + 1);
            return new PythonCheck(process, order, () => Release(key));
        }
    }

    async ValueTask Release(string key)
    {
        PythonProcess? last = null;
        lock (_lock)
        {
            var (process, uses) = _processes[key];
            if (uses > 1) _processes[key] = (process, uses - 1);
            else
            {
                _processes.Remove(key);
                last = process;
            }
        }
        if (last is not null) await last.DisposeAsync();
    }

    /// <summary>One instance in its process.</summary>
    sealed class PythonCheck(PythonProcess process, string order, Func<ValueTask> release) : ICheck, IVersionedCheck
    {
        public string Version { get; private set; } = "";

        public Task RunAsync(ICheckOutput output, CancellationToken cancel) => process.RunAsync(order, output, version => Version = version, cancel);

        public ValueTask DisposeAsync() => release();
    }
}
