using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Apm.Wire.Otlp;

/// <summary>What Datadog calls the attributes of a resource that tell its container (trace-intake §7.10).</summary>
internal static class ContainerTags
{
    /// <summary>The sender says the names itself: what follows is the tag.</summary>
    const string OwnPrefix = "datadog.container.tag.";

    /// <summary>Datadog's name of an attribute; false for one that does not tell of a container.</summary>
    public static bool TryName(string attribute, [NotNullWhen(true)] out string? tag)
    {
        if (ByAttribute.TryGetValue(attribute, out tag)) return true;
        tag = attribute.StartsWith(OwnPrefix, StringComparison.Ordinal) && attribute.Length > OwnPrefix.Length ? attribute[OwnPrefix.Length..] : null;
        return tag is not null;
    }

    static readonly FrozenDictionary<string, string> ByAttribute = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["container.id"] = "container_id",
        ["container.name"] = "container_name",
        ["container.image.name"] = "image_name",
        ["container.image.tag"] = "image_tag",
        ["container.runtime"] = "runtime",
        ["cloud.provider"] = "cloud_provider",
        ["cloud.region"] = "region",
        ["cloud.availability_zone"] = "zone",
        ["aws.ecs.task.family"] = "task_family",
        ["aws.ecs.task.arn"] = "task_arn",
        ["aws.ecs.cluster.arn"] = "ecs_cluster_name",
        ["aws.ecs.task.revision"] = "task_version",
        ["aws.ecs.container.arn"] = "ecs_container_name",
        ["k8s.container.name"] = "kube_container_name",
        ["k8s.cluster.name"] = "kube_cluster_name",
        ["k8s.deployment.name"] = "kube_deployment",
        ["k8s.replicaset.name"] = "kube_replica_set",
        ["k8s.statefulset.name"] = "kube_stateful_set",
        ["k8s.daemonset.name"] = "kube_daemon_set",
        ["k8s.job.name"] = "kube_job",
        ["k8s.cronjob.name"] = "kube_cronjob",
        ["k8s.namespace.name"] = "kube_namespace",
        ["k8s.pod.name"] = "pod_name",
        ["app.kubernetes.io/name"] = "kube_app_name",
        ["app.kubernetes.io/instance"] = "kube_app_instance",
        ["app.kubernetes.io/version"] = "kube_app_version",
        ["app.kubernetes.io/part-of"] = "kube_app_part_of",
        ["app.kubernetes.io/managed-by"] = "kube_app_managed_by",
        ["tags.datadoghq.com/env"] = "env",
        ["tags.datadoghq.com/service"] = "service",
        ["tags.datadoghq.com/version"] = "version",
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
