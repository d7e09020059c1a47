{{/* The configuration file. It is text of the user: nothing here runs it as a template. */}}

{{/* config.hcl, and the block `service` if it has none. */}}
{{- define "dstream.configText" -}}
{{- .Values.config.hcl | trimSuffix "\n" }}
{{- if not (include "dstream.givenServiceBlock" .) }}

{{ include "dstream.serviceBlock" . }}
{{- end }}
{{ end }}

{{/* The block `service` that agrees with the values. */}}
{{- define "dstream.serviceBlock" -}}
service {
  http             = ":{{ .Values.http.port }}"
  shutdown_timeout = "{{ .Values.shutdownTimeoutSeconds }}s"
  {{- if include "dstream.tokenSecretName" . }}
  token = {{ `"{{ env "DSTREAM_HTTP_TOKEN" }}"` }}
  {{- end }}
  {{- if .Values.http.metricsAnonymous }}
  metrics_anonymous = true
  {{- end }}
}
{{- end }}

{{/* config.hcl for a look at its blocks: without a byte order mark, and without comments that begin a line. */}}
{{- define "dstream.configCode" -}}
{{- regexReplaceAllLiteral `(?m)^[ \t]*(/\*(?s:.*?)\*/|#.*|//.*)` (.Values.config.hcl | trimPrefix "\ufeff") "" -}}
{{- end }}

{{/* The block `service` of config.hcl; empty when it has none. It has no blocks in it: its end is the first `}` that ends a line. */}}
{{- define "dstream.givenServiceBlock" -}}
{{- regexFind `(?ms)^[ \t]*service[ \t]*\{.*?\}[ \t\r]*((#|//|/\*)[^\n]*)?$` (include "dstream.configCode" .) -}}
{{- end }}

{{/* The variables that config.hcl names, as a YAML list. */}}
{{- define "dstream.configVariables" -}}
{{- $names := list -}}
{{- range regexFindAll `\{\{\s*env\s+[\\"'\x60]+\w+` .Values.config.hcl -1 -}}
{{- $names = append $names (regexFind `\w+$` .) -}}
{{- end -}}
{{- $names | uniq | sortAlpha | toYaml -}}
{{- end }}
