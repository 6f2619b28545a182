// The environment of an Astro project, declared as Astro's documentation has it.

interface ImportMetaEnv {
  readonly MMMS_URL: string;
  readonly MMMS_API_KEY: string;
}

interface ImportMeta {
  readonly env: ImportMetaEnv;
}
