{{/*
The pod of a workload: of its Deployment, and of its `helm test`. Given `root`, `workload` (an entry of
"dstream.workloads"), `args`, and `serves`: false in the test, which runs one command and ends.
*/}}
{{- define "dstream.podSpec" -}}
{{- $workload := .workload -}}
serviceAccountName: {{ $workload.serviceAccountName }}
# Workload identity brings its own projected token; nothing here speaks to the Kubernetes API.
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $workload.terminationGracePeriodSeconds }}
{{- with $workload.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $workload.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- range $key := list "imagePullSecrets" "hostAliases" "dnsConfig" "nodeSelector" "affinity" "tolerations" "initContainers" }}
{{- with index $workload $key }}
{{ $key }}: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- if .serves }}
{{- include "dstream.topologySpread" $workload }}
{{- end }}
securityContext: {{- toYaml $workload.podSecurityContext | nindent 2 }}
containers:
  - name: dstream
    image: {{ include "dstream.image" . }}
    imagePullPolicy: {{ $workload.image.pullPolicy }}
    args: {{- toYaml .args | nindent 6 }}
    {{- with include "dstream.env" . | fromYamlArray }}
    env: {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with include "dstream.envFrom" . | fromYamlArray }}
    envFrom: {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- if .serves }}
    ports:
      - { name: http, containerPort: {{ $workload.http.port }}, protocol: TCP }
    startupProbe: {{- include "dstream.probe" (list "/livez" $workload.probes.startup) | nindent 6 }}
    readinessProbe: {{- include "dstream.probe" (list "/readyz" $workload.probes.readiness) | nindent 6 }}
    livenessProbe: {{- include "dstream.probe" (list "/livez" $workload.probes.liveness) | nindent 6 }}
    {{- end }}
    resources: {{- toYaml $workload.resources | nindent 6 }}
    securityContext: {{- toYaml $workload.securityContext | nindent 6 }}
    volumeMounts: {{- include "dstream.volumeMounts" . | nindent 6 }}
  {{- if .serves }}
  {{- with $workload.sidecars }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- end }}
volumes: {{- include "dstream.volumes" . | nindent 2 }}
{{- end }}

{{- define "dstream.image" -}}
{{- $image := .workload.image -}}
{{ $image.repository }}{{ with $image.digest }}@{{ . }}{{ else }}:{{ default $.root.Chart.AppVersion $image.tag }}{{ end }}
{{- end }}

{{- define "dstream.probe" -}}
httpGet: { path: {{ index . 0 }}, port: http }
{{ toYaml (index . 1) }}
{{- end }}

{{/* A constraint without a selector is about the pods of its Deployment, each revision for itself. */}}
{{- define "dstream.topologySpread" -}}
{{- with .topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  {{- $constraint := dict "labelSelector" (dict "matchLabels" $.selectorLabels) "matchLabelKeys" (list "pod-template-hash") }}
  {{- range $key, $value := . }}
  {{- $_ := set $constraint $key $value }}
  {{- end }}
  - {{- toYaml $constraint | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Labels of the pods, without the chart's version: it alone makes no new pods. `component` as selectors see it. */}}
{{- define "dstream.podLabels" -}}
{{- $labels := set (include "dstream.selectorLabels" .root | fromYaml) "app.kubernetes.io/component" .component -}}
{{- if eq .workload.identity.type "workload" -}}
{{- $_ := set $labels "azure.workload.identity/use" "true" -}}
{{- end -}}
{{- merge $labels (default dict .workload.podLabels) (default dict .root.Values.commonLabels) | toYaml -}}
{{- end }}

{{/* Annotations of the pods: a new configuration, or a new Secret of the chart, makes new pods. */}}
{{- define "dstream.podAnnotations" -}}
{{- $annotations := dict "kubectl.kubernetes.io/default-container" "dstream" -}}
{{- if not .root.Values.config.existingConfigMap -}}
{{- $_ := set $annotations "checksum/config" (list (include "dstream.configText" .root) .root.Values.config.files | toJson | sha256sum) -}}
{{- end -}}
{{- if .root.Values.secret.create -}}
{{- $_ := set $annotations "checksum/secret" (.root.Values.secret.data | toJson | sha256sum) -}}
{{- end -}}
{{- mergeOverwrite $annotations (default dict .workload.podAnnotations) | toYaml -}}
{{- end }}

{{/* A YAML list: the variables of the chart, without those that are given in `env`, and then these: a name may be there once. */}}
{{- define "dstream.env" -}}
{{- $given := list -}}
{{- range .workload.env }}{{ $given = append $given .name }}{{ end -}}
{{- $env := list -}}
{{- range include "dstream.chartEnv" . | fromYamlArray -}}
{{- if not (has .name $given) }}{{ $env = append $env . }}{{ end -}}
{{- end -}}
{{- concat $env (default list .workload.env) | toYaml -}}
{{- end }}

{{- define "dstream.chartEnv" -}}
{{- $workload := .workload -}}
- name: DSTREAM_INSTANCE # the owner of leases, in the log and in `dstream status`
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- { name: DSTREAM_LOG_LEVEL, value: {{ $workload.log.level }} }
{{- with include "dstream.tokenSecretName" .root }}
- name: DSTREAM_HTTP_TOKEN
  valueFrom: { secretKeyRef: { name: {{ . }}, key: {{ $workload.http.token.key }} } }
{{- end }}
{{- include "dstream.identityEnv" $workload.identity }}
{{- range $variable, $key := $workload.secretKeys }}
- name: {{ $variable }}
  valueFrom: { secretKeyRef: { name: {{ include "dstream.secretName" $.root }}, key: {{ $key }} } }
{{- end }}
{{- if $workload.otel.enabled }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ $workload.otel.endpoint | quote }} }
- { name: OTEL_EXPORTER_OTLP_PROTOCOL, value: {{ $workload.otel.protocol | quote }} }
- { name: OTEL_SERVICE_NAME, value: {{ $workload.name }} }
- name: OTEL_RESOURCE_ATTRIBUTES
  value: service.namespace={{ .root.Release.Namespace }},service.version={{ default .root.Chart.AppVersion $workload.image.tag }},service.instance.id=$(DSTREAM_INSTANCE)
{{- end }}
{{- end }}

{{/* The webhook of workload identity adds AZURE_CLIENT_ID and the token. One credential named is one tried. */}}
{{- define "dstream.identityEnv" -}}
{{- if eq .type "workload" }}
- { name: AZURE_TOKEN_CREDENTIALS, value: WorkloadIdentityCredential }
{{- else if eq .type "managed" }}
- { name: AZURE_TOKEN_CREDENTIALS, value: ManagedIdentityCredential }
{{- with .clientId }}
- { name: AZURE_CLIENT_ID, value: {{ . | quote }} }
{{- end }}
{{- end }}
{{- end }}

{{/* A YAML list: the whole Secret, unless single keys are chosen. */}}
{{- define "dstream.envFrom" -}}
{{- $secret := include "dstream.secretName" .root -}}
{{- if and $secret (not .workload.secretKeys) }}
- secretRef: { name: {{ $secret }} }
{{- end }}
{{- with .workload.envFrom }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "dstream.volumeMounts" -}}
- { name: config, mountPath: /etc/dstream, readOnly: true }
- { name: work, mountPath: /var/lib/dstream }
{{- if .root.Values.secret.secretProviderClass.enabled }}
- { name: key-vault, mountPath: /mnt/key-vault, readOnly: true }
{{- end }}
{{- with .workload.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "dstream.volumes" -}}
{{- $persistence := .workload.persistence -}}
- name: config
  configMap: { name: {{ include "dstream.configMapName" .root }} }
- name: work
  {{- if $persistence.enabled }}
  persistentVolumeClaim: { claimName: {{ default .workload.name $persistence.existingClaim }} }
  {{- else }}
  emptyDir: { sizeLimit: {{ .workload.workDir.sizeLimit }} }
  {{- end }}
{{- if .root.Values.secret.secretProviderClass.enabled }}
- name: key-vault # while it is mounted, the driver keeps the Secret
  csi:
    driver: secrets-store.csi.k8s.io
    readOnly: true
    volumeAttributes: { secretProviderClass: {{ include "dstream.fullname" .root }} }
{{- end }}
{{- with .workload.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
