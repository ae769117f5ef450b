namespace Apm.Storage.Metrics.Chunks;

/// <summary>What a chunk holds. The numbers are stored.</summary>
enum ChunkKind
{
    Points = 0,
    Rollups = 1,
    Sketches = 2,
}
