namespace Apm.ApmUi.Map;

/// <summary>
/// Nodes in layers, with a lane (a cell without a node) in every layer that an edge passes. Cells are numbered: nodes first, then lanes.
/// </summary>
sealed class LayerGraph
{
    /// <summary>Sweeps in a row without fewer crossings after which ordering ends.</summary>
    const int IdleSweeps = 4;

    readonly List<int> _layerOf;
    readonly List<List<int>> _left = [];
    readonly List<List<int>> _right = [];
    readonly List<int>[] _layers;
    readonly Dictionary<(int From, int To), List<int>> _lanes = [];
    readonly List<double> _center = [];
    readonly List<int> _position = [];

    public LayerGraph(int[] layerOf, bool[] isTied, (int From, int To)[] arcs)
    {
        _layerOf = [.. layerOf];
        _layers = [.. Enumerable.Range(0, layerOf.Length == 0 ? 0 : layerOf.Max() + 1).Select(_ => new List<int>())];
        for (var node = 0; node < layerOf.Length; node++)
        {
            AddCell();
            if (isTied[node]) _layers[layerOf[node]].Add(node);
        }
        foreach (var arc in arcs)
        {
            if (_lanes.ContainsKey(arc)) continue; // Two edges that run against each other share their lanes.
            var lanes = new List<int>();
            var before = arc.From;
            for (var layer = layerOf[arc.From] + 1; layer < layerOf[arc.To]; layer++)
            {
                var lane = AddCell();
                _layerOf.Add(layer);
                _layers[layer].Add(lane);
                lanes.Add(lane);
                Tie(before, lane);
                before = lane;
            }
            Tie(before, arc.To);
            _lanes.Add(arc, lanes);
        }
        foreach (var layer in _layers) Number(layer);
    }

    public int LayerOf(int cell) => _layerOf[cell];

    public double CenterOf(int cell) => _center[cell];

    /// <summary>The lanes of an edge, from left to right.</summary>
    public IReadOnlyList<int> LanesOf((int From, int To) arc) => _lanes[arc];

    /// <summary>
    /// Orders each layer by the mean place of its neighbours, to and fro; the order with the fewest crossings stays. Sweeps that
    /// bring nothing for a while end it: the next ones would not either.
    /// </summary>
    public void Order(int sweeps)
    {
        var best = Snapshot();
        var fewest = Crossings();
        var idle = 0;
        var means = new double[_left.Count];
        var byMean = Comparer<int>.Create((a, b) => means[a] != means[b] ? means[a].CompareTo(means[b]) : _position[a].CompareTo(_position[b]));
        for (var sweep = 0; sweep < sweeps && fewest > 0 && idle < IdleSweeps; sweep++)
        {
            var rightwards = sweep % 2 == 0;
            for (var i = 1; i < _layers.Length; i++)
            {
                var layer = _layers[rightwards ? i : _layers.Length - 1 - i];
                var neighbours = rightwards ? _left : _right;
                foreach (var cell in layer)
                {
                    var sum = 0L;
                    foreach (var other in neighbours[cell]) sum += _position[other];
                    means[cell] = neighbours[cell].Count == 0 ? _position[cell] : sum / (double)neighbours[cell].Count;
                }
                layer.Sort(byMean);
                Number(layer);
            }
            var crossings = Crossings();
            idle++;
            if (crossings >= fewest) continue;
            idle = 0;
            fewest = crossings;
            best = Snapshot();
        }
        for (var i = 0; i < _layers.Length; i++)
        {
            _layers[i].Clear();
            _layers[i].AddRange(best[i]);
            Number(_layers[i]);
        }
    }

    /// <summary>Gives each cell a height: as near to its neighbours' mean as the order and the gaps allow.</summary>
    public void Place(int sweeps, Func<int, double> heightOf, double gap)
    {
        foreach (var layer in _layers)
        {
            var at = 0.0;
            foreach (var cell in layer)
            {
                _center[cell] = at + heightOf(cell) / 2;
                at += heightOf(cell) + gap;
            }
            // Layers start centred upon each other.
            foreach (var cell in layer) _center[cell] -= at / 2;
        }
        for (var sweep = 0; sweep < sweeps; sweep++)
        {
            var rightwards = sweep % 2 == 0;
            for (var i = 0; i < _layers.Length; i++) Settle(_layers[rightwards ? i : _layers.Length - 1 - i], heightOf, gap, rightwards ? _left : _right);
        }
    }

    /// <summary>
    /// Moves cells to where they want to be. Those that would overlap join into a block, which stands at the mean of its
    /// members' wishes; blocks that meet join again.
    /// </summary>
    void Settle(List<int> layer, Func<int, double> heightOf, double gap, List<List<int>> neighbours)
    {
        var blocks = new List<(double Wish, int Count, double Top, double Size, int First)>();
        for (var i = 0; i < layer.Count; i++)
        {
            var cell = layer[i];
            var height = heightOf(cell);
            var wish = neighbours[cell].Count == 0 ? _center[cell] : MeanCenter(neighbours[cell]);
            var block = (Wish: wish - height / 2, Count: 1, Top: wish - height / 2, Size: height, First: i);
            while (blocks.Count > 0 && blocks[^1].Top + blocks[^1].Size + gap > block.Top)
            {
                var above = blocks[^1];
                blocks.RemoveAt(blocks.Count - 1);
                // What the lower block's members wish, told for the top of the joined one.
                var shift = above.Size + gap;
                var total = above.Wish * above.Count + (block.Wish - shift) * block.Count;
                var count = above.Count + block.Count;
                block = (total / count, count, total / count, shift + block.Size, above.First);
            }
            blocks.Add(block);
        }
        for (var b = 0; b < blocks.Count; b++)
        {
            var at = blocks[b].Top;
            var end = b + 1 < blocks.Count ? blocks[b + 1].First : layer.Count;
            for (var i = blocks[b].First; i < end; i++)
            {
                var height = heightOf(layer[i]);
                _center[layer[i]] = at + height / 2;
                at += height + gap;
            }
        }
    }

    double MeanCenter(List<int> cells)
    {
        var sum = 0.0;
        foreach (var cell in cells) sum += _center[cell];
        return sum / cells.Count;
    }

    int AddCell()
    {
        _left.Add([]);
        _right.Add([]);
        _center.Add(0);
        _position.Add(0);
        return _left.Count - 1;
    }

    void Tie(int left, int right)
    {
        _right[left].Add(right);
        _left[right].Add(left);
    }

    void Number(List<int> layer)
    {
        for (var i = 0; i < layer.Count; i++) _position[layer[i]] = i;
    }

    int[][] Snapshot() => [.. _layers.Select(layer => layer.ToArray())];

    /// <summary>Pairs of edges that cross, counted per gap between layers with a tree of sums.</summary>
    long Crossings()
    {
        var crossings = 0L;
        for (var i = 0; i + 1 < _layers.Length; i++)
        {
            var size = _layers[i + 1].Count;
            var sums = new int[size + 1];
            var seen = 0;
            foreach (var cell in _layers[i])
            {
                foreach (var to in _right[cell])
                {
                    var notAfter = 0;
                    for (var at = _position[to] + 1; at > 0; at -= at & -at) notAfter += sums[at];
                    crossings += seen - notAfter;
                }
                foreach (var to in _right[cell])
                {
                    for (var at = _position[to] + 1; at <= size; at += at & -at) sums[at]++;
                    seen++;
                }
            }
        }
        return crossings;
    }
}
