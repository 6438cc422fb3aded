/** Creating, changing and deleting projects. */
import type { StoredProject } from '#contracts/store/identity-store.ts';
import type { Directory } from '../directory.ts';
import { defaultDomain } from '../domain.ts';
import { viewProject } from '../views.ts';
import { type Call, newHexId, projectOf, replyWith } from './accounts.ts';
import { type newProject, type projectChange, refuseOtherDomain } from './bodies.ts';

/** POST /v3/projects. */
export async function createProject(
  call: Call<ReturnType<typeof newProject.read>>,
  directory: Directory,
) {
  const { name, description, enabled, domain_id, parent_id } = call.body;
  refuseOtherDomain(domain_id);
  refuseOtherDomain(parent_id);
  const project: StoredProject = {
    id: newHexId(directory),
    name,
    domainId: defaultDomain.id,
    description: description ?? '',
    enabled: enabled ?? true,
  };
  await directory.store.addProject(project);
  return show(call, project);
}

/** PATCH /v3/projects/{id}. */
export async function changeProject(
  call: Call<ReturnType<typeof projectChange.read>>,
  directory: Directory,
) {
  const { id } = await projectOf(directory, call.params['id'] ?? '');
  const { name, description, enabled, domain_id, parent_id } = call.body;
  refuseOtherDomain(domain_id);
  refuseOtherDomain(parent_id);
  await directory.store.changeProject(id, {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description: description ?? '' }),
    ...(enabled !== undefined && { enabled }),
  });
  directory.tokens.forget();
  return show(call, await projectOf(directory, id));
}

/** DELETE /v3/projects/{id}. */
export async function deleteProject({ params }: Call, directory: Directory) {
  const { id } = await projectOf(directory, params['id'] ?? '');
  await directory.store.removeProject(id);
  directory.tokens.forget();
}

function show(call: Pick<Call, 'origin'>, project: StoredProject) {
  const path = `/v3/projects/${project.id}`;
  return replyWith(call, { kind: 'project', path, view: viewProject(project) });
}
