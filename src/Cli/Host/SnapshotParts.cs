using Apm.ApmUi.Snapshots;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Query.Evaluate;
using Apm.TraceAgent.Serve.Datadog;

namespace Apm.Cli.Host;

/// <summary>Pictures of graphs: who takes and keeps them, and their API.</summary>
public sealed class SnapshotParts(MetricQueries queries, IDocumentStore documents, IPictureStore pictures, MetricsApiParts api, Counters counters, TimeProvider clock)
{
    readonly SnapshotBook _book = new(queries, api.Events, documents, pictures, counters, clock);

    /// <summary>What pages may ask for.</summary>
    public void AddTo(IServiceCollection services) => services.AddSingleton<ISnapshots>(_book);

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes) => new SnapshotApi(_book, api.Gate).Map(routes);
}
