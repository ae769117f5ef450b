using LiteDB;

namespace Apm.Storage.LiteDb;

/// <summary>One change of a <see cref="LiteDatabaseFile.Write"/>.</summary>
public readonly record struct LiteChange
{
    LiteChange(string collection, BsonValue id, BsonDocument? document)
    {
        Collection = collection;
        Id = id;
        Document = document;
    }

    internal string Collection { get; }

    internal BsonValue Id { get; }

    /// <summary>Null to remove.</summary>
    internal BsonDocument? Document { get; }

    /// <summary>Stores a document under its <c>_id</c>, in place of any that is there.</summary>
    public static LiteChange Upsert(string collection, BsonDocument document)
    {
        if (document["_id"].IsNull) throw new ArgumentException($"A document for {collection} has no _id.", nameof(document));
        return new LiteChange(collection, document["_id"], document);
    }

    /// <summary>Removes a document; nothing happens when it is not there.</summary>
    public static LiteChange Remove(string collection, BsonValue id) => new(collection, id, null);
}
