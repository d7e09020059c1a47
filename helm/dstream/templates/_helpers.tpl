{{/* Names, labels, and the view of one workload. */}}

{{- define "dstream.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* Base of all names: 40 characters leave room for "-processor-check" and the like in the 63 of a label. Services have no dots. */}}
{{- define "dstream.fullname" -}}
{{- $name := include "dstream.name" . -}}
{{- $default := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $default .Values.fullnameOverride | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "dstream.selectorLabels" -}}
app.kubernetes.io/name: {{ include "dstream.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Labels of every object. Those of the chart win: selectors are built on them. */}}
{{- define "dstream.labels" -}}
{{- $labels := include "dstream.selectorLabels" . | fromYaml -}}
{{- $_ := set $labels "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") -}}
{{- merge $labels (default dict .Values.commonLabels) | toYaml -}}
{{- end }}

{{/* Head of an object. Given `root`; `workload` where it is of one; `name` and more `labels` where these are others. */}}
{{- define "dstream.metadata" -}}
{{- $workload := default dict .workload -}}
{{- $labels := default (include "dstream.labels" .root | fromYaml) $workload.labels -}}
name: {{ .name | default $workload.name | default (include "dstream.fullname" .root) }}
namespace: {{ .root.Release.Namespace | quote }}
labels: {{- merge (deepCopy (default dict .labels)) $labels | toYaml | nindent 2 }}
{{- end }}

{{/*
The workloads that run, as YAML: { ingester: …, processor: … }. Each is the values of the chart with those of the workload
merged over them, and `component`, `name`, `serviceAccountName`, `selectorLabels`, `labels`. Read it with fromYaml.
*/}}
{{- define "dstream.workloads" -}}
{{- $shared := omit .Values "config" "secret" "monitoring" "networkPolicy" "extraObjects" "ingester" "processor" -}}
{{- $workloads := dict -}}
{{- range $component := list "ingester" "processor" -}}
{{- $workload := mergeOverwrite (deepCopy $shared) (index $.Values $component) -}}
{{- if $workload.enabled -}}
{{- $name := printf "%s-%s" (include "dstream.fullname" $) $component -}}
{{- $own := dict "app.kubernetes.io/component" $component -}}
{{- $account := default (ternary $name "default" $workload.serviceAccount.create) $workload.serviceAccount.name -}}
{{- $_ := set $workload "component" $component -}}
{{- $_ := set $workload "name" $name -}}
{{- $_ := set $workload "serviceAccountName" $account -}}
{{- $_ := set $workload "selectorLabels" (merge (include "dstream.selectorLabels" $ | fromYaml) $own) -}}
{{- $_ := set $workload "labels" (merge (include "dstream.labels" $ | fromYaml) $own) -}}
{{- $_ := set $workloads $component $workload -}}
{{- end -}}
{{- end -}}
{{- toYaml $workloads -}}
{{- end }}

{{/* The ConfigMap with the configuration file. */}}
{{- define "dstream.configMapName" -}}
{{- default (include "dstream.fullname" .) .Values.config.existingConfigMap -}}
{{- end }}

{{/* Path of the configuration file in the pod. */}}
{{- define "dstream.configPath" -}}
/etc/dstream/{{ ternary .Values.config.existingConfigMapKey "dstream.hcl" (ne .Values.config.existingConfigMap "") }}
{{- end }}

{{/* The Secret with the variables; empty when there is none. */}}
{{- define "dstream.secretName" -}}
{{- with .Values.secret -}}
{{- if .existingSecret }}{{ .existingSecret }}
{{- else if or .create .externalSecret.enabled .secretProviderClass.enabled }}{{ include "dstream.fullname" $ }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The Secret with the bearer token; empty when there is none. */}}
{{- define "dstream.tokenSecretName" -}}
{{- with .Values.http.token -}}
{{- if .existingSecret }}{{ .existingSecret }}
{{- else if .create }}{{ include "dstream.fullname" $ }}-http-token
{{- end -}}
{{- end -}}
{{- end }}
