using Apm.Core.Ports;

namespace Apm.Core.Services;

/// <summary>
/// The services and processes ever seen, in memory, kept as documents. What changed is written by
/// <see cref="Save"/>, which the pipeline calls every few seconds; a lost last second is learnt again from the next span.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class ServiceCatalogue
{
    /// <summary>Most services kept; default 2000. More are counted by the caller as <c>services_over_limit</c> and not entered.</summary>
    public const int MaxServices = 2000;

    /// <summary>Most processes kept; default 2000. The one silent for longest makes room.</summary>
    public const int MaxProcesses = 2000;

    /// <summary>Most environments kept of one service; default 50. More are not entered.</summary>
    public const int MaxEnvsOfService = 50;

    const string ServiceCollection = "services";
    const string ProcessCollection = "processes";

    readonly Lock _lock = new();
    readonly IDocumentStore _documents;
    readonly Dictionary<string, ServiceInfo> _services;
    readonly Dictionary<string, ProcessInfo> _processes;
    readonly HashSet<string> _changedServices = [];
    readonly HashSet<string> _changedProcesses = [];
    readonly HashSet<string> _removedProcesses = [];

    /// <summary>Reads what is known from the documents.</summary>
    public ServiceCatalogue(IDocumentStore documents)
    {
        _documents = documents;
        _services = documents.FindAll<ServiceInfo>(ServiceCollection).ToDictionary(service => service.Name);
        _processes = documents.FindAll<ProcessInfo>(ProcessCollection).ToDictionary(process => process.RuntimeId);
    }

    /// <summary>All services by name.</summary>
    public IReadOnlyList<ServiceInfo> Services()
    {
        lock (_lock) return [.. _services.Values.OrderBy(service => service.Name, StringComparer.Ordinal)];
    }

    /// <summary>One service; null when it was never seen.</summary>
    public ServiceInfo? Service(string name)
    {
        lock (_lock) return _services.GetValueOrDefault(name);
    }

    /// <summary>All processes, the newest first.</summary>
    public IReadOnlyList<ProcessInfo> Processes()
    {
        lock (_lock) return [.. _processes.Values.OrderByDescending(process => process.LastSeenUnixNanos)];
    }

    /// <summary>Enters or updates a service; what the sighting leaves empty stays as it was.</summary>
    /// <returns>False when there are <see cref="MaxServices"/> already and it was not entered.</returns>
    public bool Saw(ServiceSighting sighting)
    {
        lock (_lock)
        {
            if (!_services.TryGetValue(sighting.Name, out var known))
            {
                if (_services.Count >= MaxServices) return false;
                known = new ServiceInfo
                {
                    Name = sighting.Name,
                    ColorIndex = ServiceColors.Choose(sighting.Name, _services.Values.Select(service => service.ColorIndex)),
                    FirstSeenUnixNanos = sighting.SeenUnixNanos,
                };
            }
            var deployments = DeploymentHistory.Saw(known.Deployments, sighting.Env, sighting.Version, sighting.SeenUnixNanos);
            // Not the version of the last span: while instances of two versions run side by side, that would jump to and fro.
            var newest = deployments.Count > 0 ? deployments.MaxBy(deployment => deployment.FirstSeenUnixNanos) : null;
            var updated = known with
            {
                Type = known.Type.Length == 0 ? sighting.Type : known.Type,
                Language = sighting.Language.Length > 0 ? sighting.Language : known.Language,
                Version = newest?.Version ?? known.Version,
                VersionSinceUnixNanos = newest?.FirstSeenUnixNanos ?? known.VersionSinceUnixNanos,
                Envs = sighting.Env.Length == 0 || known.Envs.Contains(sighting.Env) || known.Envs.Count >= MaxEnvsOfService ? known.Envs : [.. known.Envs.Append(sighting.Env).Order(StringComparer.Ordinal)],
                Deployments = deployments,
                LastSeenUnixNanos = Math.Max(known.LastSeenUnixNanos, sighting.SeenUnixNanos),
            };
            if (updated == known) return true;
            _services[sighting.Name] = updated;
            _changedServices.Add(sighting.Name);
            return true;
        }
    }

    /// <summary>Enters or changes a process.</summary>
    /// <param name="runtimeId">Its tracer's id; nothing happens when "".</param>
    /// <param name="seenUnixNanos">When it gave the sign of life.</param>
    /// <param name="change">Gets the process as known (a fresh one when new) and gives what it is now; runs under the catalogue's lock.</param>
    public void SawProcess(string runtimeId, long seenUnixNanos, Func<ProcessInfo, ProcessInfo> change)
    {
        if (runtimeId.Length == 0) return;
        lock (_lock)
        {
            if (!_processes.TryGetValue(runtimeId, out var known))
            {
                if (_processes.Count >= MaxProcesses) ForgetQuietestProcess_NeedsLock();
                known = new ProcessInfo { RuntimeId = runtimeId, Service = "", FirstSeenUnixNanos = seenUnixNanos };
            }
            _processes[runtimeId] = change(known) with { LastSeenUnixNanos = Math.Max(known.LastSeenUnixNanos, seenUnixNanos) };
            _changedProcesses.Add(runtimeId);
        }
    }

    /// <summary>Writes what changed since the last call. Quick when nothing did.</summary>
    /// <exception cref="StoreUnavailableException">Some was not written; the next call tries again.</exception>
    public void Save()
    {
        ServiceInfo[] services;
        ProcessInfo[] processes;
        string[] removed;
        lock (_lock)
        {
            services = [.. _changedServices.Select(name => _services[name])];
            processes = [.. _changedProcesses.Where(_processes.ContainsKey).Select(id => _processes[id])];
            removed = [.. _removedProcesses];
        }
        foreach (var service in services) _documents.Store(ServiceCollection, service.Name, service);
        foreach (var process in processes) _documents.Store(ProcessCollection, process.RuntimeId, process);
        foreach (var id in removed) _documents.Remove(ProcessCollection, id);
        lock (_lock)
        {
            foreach (var service in services) if (ReferenceEquals(_services[service.Name], service)) _changedServices.Remove(service.Name);
            foreach (var process in processes) if (ReferenceEquals(_processes.GetValueOrDefault(process.RuntimeId), process)) _changedProcesses.Remove(process.RuntimeId);
            foreach (var id in removed) _removedProcesses.Remove(id);
        }
    }

    void ForgetQuietestProcess_NeedsLock()
    {
        var quietest = _processes.Values.MinBy(process => process.LastSeenUnixNanos)!.RuntimeId;
        _processes.Remove(quietest);
        _changedProcesses.Remove(quietest);
        _removedProcesses.Add(quietest);
    }
}
